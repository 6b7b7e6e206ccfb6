import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('./heap-process.ts', import.meta.url));

describe('a routing key', () => {
  it('is nowhere on the heap after its request, though it is cached, and a kept text is seen', async () => {
    const node = ['--conditions=source', '--import', 'tsx', '--expose-gc', SCRIPT];
    const { stdout } = await promisify(execFile)(process.execPath, node, { maxBuffer: 1e7 });
    expect(JSON.parse(stdout)).toEqual({
      seen: ['control'],
      errors: 7,
      kept: 27,
      remembered: { keys: 1, tenants: 1, unknown: 1 },
    });
  });
});
