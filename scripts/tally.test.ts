import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const TALLY = fileURLToPath(new URL('tally.mjs', import.meta.url));

describe('the last line of CI', () => {
  let reports = '';
  beforeEach(() => {
    reports = mkdtempSync(join(tmpdir(), 'switchyard-tally-'));
  });
  afterEach(() => rmSync(reports, { recursive: true }));

  const report = (name: string, ...files: readonly (readonly [string, ...string[]])[]) => {
    const testResults = files.map(([status, ...tests]) => ({
      status,
      assertionResults: tests.map((test) => ({ status: test })),
    }));
    writeFileSync(join(reports, `${name}.json`), JSON.stringify({ testResults }));
  };
  const tally = (...args: string[]) =>
    execFileSync(process.execPath, [TALLY, '--reports', reports, ...args], { encoding: 'utf8' });

  it('adds up the tests of all reports', () => {
    report('mariadb', ['passed', 'passed', 'passed'], ['failed', 'passed', 'failed']);
    report('mysql', ['passed', 'passed', 'skipped']);
    expect(tally()).toBe('4 passed, 1 failed, 1 skipped\n');
  });

  it('counts tests behind a broken set-up as failed', () => {
    report('mariadb', ['failed', 'skipped', 'skipped'], ['failed']);
    expect(tally()).toBe('0 passed, 3 failed, 0 skipped\n');
  });

  it('counts steps without a test of their own', () => {
    report('mariadb', ['passed', 'passed']);
    expect(tally('--failed-steps', '1', '--skipped-steps', '2')).toBe(
      '1 passed, 1 failed, 2 skipped\n',
    );
  });
});
