import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const EXAMPLE = fileURLToPath(new URL('../../examples/identity-provider', import.meta.url));

describe('the example of an identity provider upstream', () => {
  it('runs by one command and keeps its failures apart', async () => {
    const { stdout } = await promisify(execFile)('npm', ['--silent', 'start'], { cwd: EXAMPLE });
    expect(stdout.trimEnd().split('\n')).toEqual([
      'Ann, for Acme        200  tenant-acme on eu1',
      'a colleague of hers  200  tenant-acme on eu1',
      'Bert, for himself    200  tenant-bert on us1',
      'no one we know       404  KEY_UNKNOWN',
      'an expired session   401  not valid',
      'a forged session     401  not valid',
      'no session           200  no place',
    ]);
  });
});
