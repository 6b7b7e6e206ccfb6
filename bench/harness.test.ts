import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { compare, micro } from './index.ts';
import { median } from './statistics.ts';

const QUICK = { rounds: 3, passes: 2, warmupMs: 20, sliceMs: 40 };

describe('a comparison', () => {
  it('shows how much longer ours takes than its peer, and the peer as long as itself', async () => {
    const row = { row: 'sleep', ours: { run: () => sleep(8) }, peer: { run: () => sleep(2) } };
    const result = await compare('harness', row, QUICK);
    expect(result.ratio).toBeGreaterThan(2);
    expect(result.control).toBeGreaterThan(0.5);
    expect(result.control).toBeLessThan(2);
  });

  it('runs as many operations at once as the row says', async () => {
    let running = 0;
    let most = 0;
    const run = async () => {
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
    };
    await compare(
      'harness',
      { row: 'at once', ours: { run }, peer: { run }, concurrency: 5 },
      QUICK,
    );
    expect(most).toBe(5);
  });

  it('enters and leaves a variant around each of its slices', async () => {
    let depth = 0;
    const outside: number[] = [];
    const ours = {
      before: () => depth++,
      after: () => depth--,
      run: () => outside.push(depth - 1),
    };
    await compare('harness', { row: 'around', ours, peer: { run: () => sleep(1) } }, QUICK);
    expect(new Set(outside)).toEqual(new Set([0]));
  });
});

describe('a comparison of synchronous operations', () => {
  it('shows the more expensive one', () => {
    const work = (n: number) => (i: number) => {
      let sum = i;
      for (let k = 0; k < n; k++) sum = (sum * 31 + k) % 1013;
      return sum;
    };
    const result = micro('harness', { row: 'loop', ours: work(400), peer: work(100) }, QUICK);
    expect(result.ratio).toBeGreaterThan(2);
    expect(result.unit).toBe('ns/op');
  });
});

describe('a median', () => {
  it('is the middle figure, or the mean of the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });
});
