import { describe, expect, it } from 'vitest';
import type { ShardOutcome, ShardResult } from './events.ts';
import { mayBegin } from './stop-policy.ts';

const outcomes = (...results: ShardResult[]): ShardOutcome[] =>
  results.map((result, i) => ({
    shard: `s${i}`,
    result,
    migrations: [],
    steps: 0,
    durationMs: 0,
    stallMs: 0,
  }));

describe('the stop policy', () => {
  it('ends a rollout at its first failure', () => {
    expect(mayBegin('first-failure', outcomes('done'), [])).toBeUndefined();
    expect(mayBegin('first-failure', outcomes('done', 'failed'), [])).toContain('1 shard failed');
  });

  it('counts only shards that were tried: not what was refused or down beforehand', () => {
    const before = outcomes('refused', 'unreachable', 'unplanned', 'nothing-to-do');
    expect(mayBegin('first-failure', before, before)).toBeUndefined();
  });

  it('ends it at k failures in all, or in one wave', () => {
    const two = outcomes('failed', 'done', 'failed');
    expect(mayBegin({ failures: 3 }, two, two)).toBeUndefined();
    expect(mayBegin({ failures: 2 }, two, [])).toContain('2 shards failed');
    expect(mayBegin({ failuresPerWave: 2 }, two, outcomes('failed'))).toBeUndefined();
    expect(mayBegin({ failuresPerWave: 2 }, two, two)).toContain('in this wave');
  });
});
