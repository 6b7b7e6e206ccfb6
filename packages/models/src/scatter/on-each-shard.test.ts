import {
  currentFrame,
  defineTopology,
  isSwitchyardError,
  ShardContext,
} from '@switchyard/shard-context';
import { describe, expect, it } from 'vitest';
import { onEachShard, type ScatterOutcome } from './on-each-shard.ts';

const server = (name: string) => ({
  name,
  region: 'eu',
  engine: 'mariadb' as const,
  writer: { host: name },
  credentials: () => ({ user: 'u', password: 'p' }),
});
const context = new ShardContext(
  defineTopology({
    fleet: 'test',
    regions: ['eu'],
    servers: [server('one'), server('two')],
    shards: [1, 2, 3, 4, 5, 6].map((n) => ({
      name: `s${n}`,
      ordinal: n,
      server: n <= 4 ? 'one' : 'two',
      database: `d${n}`,
    })),
  }),
);

const code = (outcome: ScatterOutcome<unknown> | undefined): string =>
  outcome?.outcome === 'failed' && isSwitchyardError(outcome.error) ? outcome.error.code : 'none';

describe('onEachShard', () => {
  it('runs on every shard in its own locked, read-only context, and keeps the order', async () => {
    const outcomes = await onEachShard(context, async ({ shard }) => {
      await new Promise((resolve) => setImmediate(resolve));
      const frame = currentFrame();
      return [shard.name, frame?.place?.shard, frame?.locked, frame?.readOnly];
    });
    expect(outcomes).toEqual(
      ['s1', 's2', 's3', 's4', 's5', 's6'].map((shard) => ({
        shard,
        outcome: 'done',
        value: [shard, shard, true, true],
      })),
    );
  });

  it('gives a failing shard an outcome of its own', async () => {
    const outcomes = await onEachShard(
      { topology: context.topology },
      ({ shard }) => {
        if (shard.name === 's2') throw new RangeError('down');
        return shard.ordinal;
      },
      { shards: ['s3', 's2', 's1'] },
    );
    expect(outcomes.map(({ shard, outcome }) => [shard, outcome])).toEqual([
      ['s3', 'done'],
      ['s2', 'failed'],
      ['s1', 'done'],
    ]);
  });

  it('never has more at work than allowed, in all and per server', async () => {
    const running = new Map<string, number>();
    let most = 0;
    let mostOnOne = 0;
    const work = async ({ shard }: { shard: { server: { name: string } } }): Promise<void> => {
      const { name } = shard.server;
      running.set(name, (running.get(name) ?? 0) + 1);
      most = Math.max(
        most,
        [...running.values()].reduce((a, b) => a + b),
      );
      mostOnOne = Math.max(mostOnOne, running.get('one') ?? 0);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running.set(name, (running.get(name) ?? 0) - 1);
    };
    await onEachShard(context, work, { concurrency: 3, concurrencyPerServer: 2 });
    expect([most, mostOnOne]).toEqual([3, 2]);
  });

  it('answers at the deadline with SCATTER_DEADLINE for what has not ended, and tells it', async () => {
    let told = false;
    const outcomes = await onEachShard(
      context,
      ({ shard, signal }) => {
        if (shard.name !== 's1') return 'at once';
        return new Promise<string>(() => signal.addEventListener('abort', () => (told = true)));
      },
      { deadlineMs: 20 },
    );
    expect(code(outcomes[0])).toBe('SCATTER_DEADLINE');
    expect(told).toBe(true);
    expect(outcomes.slice(1).every(({ outcome }) => outcome === 'done')).toBe(true);
  });

  it('stops with SCATTER_ABORTED when its signal is aborted, and begins nothing more', async () => {
    const controller = new AbortController();
    const begun: string[] = [];
    const outcomes = await onEachShard(
      context,
      ({ shard }) => {
        begun.push(shard.name);
        if (shard.name === 's2') controller.abort();
      },
      { concurrency: 1, signal: controller.signal },
    );
    expect(begun).toEqual(['s1', 's2']);
    expect(code(outcomes[5])).toBe('SCATTER_ABORTED');
    expect(outcomes[0]).toMatchObject({ outcome: 'done' });
  });

  it('is refused with SHARD_LOCKED inside a lock, before anything runs', async () => {
    let ran = false;
    const inside = context.onShard('s1', () => onEachShard(context, () => (ran = true)), {
      lock: true,
    });
    await expect(inside).rejects.toMatchObject({ code: 'SHARD_LOCKED' });
    expect(ran).toBe(false);
  });

  it('is refused with SHARD_SWITCH_IN_TRANSACTION inside a transaction', async () => {
    const inside = context.onShard('s1', () => {
      currentFrame()?.activity.transactionOpened();
      return onEachShard(context, () => 1);
    });
    await expect(inside).rejects.toMatchObject({ code: 'SHARD_SWITCH_IN_TRANSACTION' });
  });

  it('refuses an unknown shard before anything runs', async () => {
    await expect(onEachShard(context, () => 1, { shards: ['s9'] })).rejects.toMatchObject({
      code: 'SHARD_UNKNOWN',
    });
  });
});
