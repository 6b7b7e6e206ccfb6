import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { channels, currentFrame, ShardContext, Topology, type LateUse } from './index.ts';
import { reportLateUse } from './internal.ts';

const seen: LateUse[] = [];
const listener = (message: unknown) => void seen.push(message as LateUse);
const context = new ShardContext(topology());

afterEach(() => {
  channels.lateUse.unsubscribe(listener);
  seen.length = 0;
  vi.restoreAllMocks();
});

describe('late use', () => {
  it('is reported with what was attempted, its own place, and where the scope was opened', async () => {
    channels.lateUse.subscribe(listener);
    const forgotten = openAndForget();
    // Another scope is running meanwhile; the late work must not be given its shard.
    await context.onShard('us2', () => turn());
    await forgotten();
    expect(seen).toMatchObject([{ attempted: 'find Account', place: { shard: 'us1' } }]);
    expect(seen[0]?.openedAt).toMatch(/openAndForget.*channels\.test\.ts/);
    expect(seen[0]?.openedAt).not.toMatch(/scope\.ts|shard-context\.ts/);
  });

  it('is not reported while the scope is open, nor outside every context', () => {
    channels.lateUse.subscribe(listener);
    context.onShard('us1', () => reportLateUse(currentFrame(), 'find Account'));
    reportLateUse(currentFrame(), 'find Account');
    expect(seen).toEqual([]);
  });

  it('is a process warning, once per opening, while nobody listens', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const forgotten = Array.from({ length: 3 }, () => openAndForget());
    await Promise.all(forgotten.map((wait) => wait()));
    expect(warn).toHaveBeenCalledTimes(1);
    expect(warn.mock.calls[0]).toMatchObject([
      expect.stringContaining('find Account'),
      { code: 'LATE_USE' },
    ]);
  });
});

/** Opens a scope whose function does not await what it starts; gives the way to await it. */
function openAndForget(): () => Promise<void> {
  let work: Promise<void> | undefined;
  context.onShard('us1', () => {
    work = turn().then(() => reportLateUse(currentFrame(), 'find Account'));
  });
  return () => work as Promise<void>;
}

function topology(): Topology {
  const credentials = () => ({ user: 'u', password: 'p' });
  const server = { name: 's', region: 'us', engine: 'mysql', writer: { host: 'h' } } as const;
  return new Topology({
    fleet: 'f',
    regions: ['us'],
    servers: [{ ...server, credentials }],
    shards: ['us1', 'us2'].map((name, i) => ({
      name,
      ordinal: i + 1,
      server: 's',
      database: name,
    })),
  });
}
