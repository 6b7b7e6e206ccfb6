import { describe, expect, it } from 'vitest';
import { diskBlockers, needsDisk } from './disk-space.ts';
import type { Step } from './plan.ts';

const step = (path: Step['path'], bytes: number) => ({ path, bytes, table: 'account' }) as Step;

describe('the disk of a server', () => {
  it('blocks a rewrite that needs more room than there is, with both figures', () => {
    expect(diskBlockers([step('rebuild', 2_000), step('copy', 999)], 1_000)).toEqual([
      expect.objectContaining({
        kind: 'disk',
        table: 'account',
        reason: "the rewrite needs 2000 bytes and the server's disk has 1000",
      }),
    ]);
  });

  it('blocks nothing that writes no table anew', () => {
    const steps = [step('instant', 2_000), step('inplace', 2_000), step('already-there', 2_000)];
    expect(diskBlockers(steps, 1_000)).toEqual([]);
    expect(needsDisk(steps)).toBe(false);
  });

  it('blocks nothing where its free space cannot be known', () => {
    expect(diskBlockers([step('rebuild', 2_000)], undefined)).toEqual([]);
  });
});
