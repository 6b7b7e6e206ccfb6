import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

// Processes of their own take their time on a busy machine.
vi.setConfig({ testTimeout: 180_000 });

describe('a rollout that is at work', () => {
  let fleet: MigratedFleet;
  let openGate: () => Promise<void>; // what the health command after the canary waits for
  beforeEach(async () => {
    fleet = await MigratedFleet.start({
      shards: ['us1', 'us2', 'us3'],
      rollout: { waves: [{ shards: ['us2'] }], leaseMs: 5000 },
    });
    const gate = join(fleet.folder, 'gate');
    openGate = () => writeFile(gate, '');
    fleet.rollout = {
      ...fleet.rollout,
      healthCommand: `until [ -e ${gate} ]; do sleep 0.05; done`,
    };
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL)',
      'ALTER TABLE account ADD COLUMN a INT NULL',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
  });
  afterEach(() => fleet.stop());

  it('waits when paused from another terminal, and goes on when resumed from a third', async () => {
    const running = fleet.spawn(['migrate', '--json']);
    await running.saw('shard-ended', 'us1');
    expect((await fleet.run(['pause'])).code).toBe(0);
    await openGate();
    await running.saw('paused', 'us2');
    expect((await fleet.json(['status'])).events[2]).toMatchObject({ state: 'paused' });
    const second = await fleet.run(['migrate']);
    expect(second.code).toBe(4);
    expect(second.out).toContain('paused');
    const resumed = await fleet.run(['resume']);
    expect(resumed.code).toBe(0);
    expect(resumed.out).toContain('goes on');
    expect((await running.ended).code).toBe(0);
    for (const shard of fleet.shards) expect(await fleet.columns(shard, 'account')).toContain('a');
  });

  it('ends before its next step when aborted, and a later migrate does the rest', async () => {
    const running = fleet.spawn(['migrate', '--json']);
    await running.saw('shard-ended', 'us1');
    expect((await fleet.run(['pause'])).code).toBe(0);
    await openGate();
    await running.saw('paused', 'us2');
    expect((await fleet.run(['abort'])).code).toBe(0);
    const { code, events } = await running.ended;
    expect(code).toBe(4);
    const results = events.filter(({ event }) => event === 'rollout-ended')[0]?.['outcomes'];
    expect(results).toMatchObject([
      { shard: 'us1', result: 'done' },
      { shard: 'us2', result: 'halted', failure: { code: 'ROLLOUT_HALTED' } },
      { shard: 'us3', result: 'untouched' },
    ]);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    for (const shard of fleet.shards) expect(await fleet.columns(shard, 'account')).toContain('a');
  });

  it('stays paused when its process is killed, until it is resumed', async () => {
    const running = fleet.spawn(['migrate', '--json', '--only', 'us1', '--only', 'us2']);
    await running.saw('shard-ended', 'us1');
    expect((await fleet.run(['pause'])).code).toBe(0);
    await openGate();
    await running.saw('paused', 'us2');
    running.child.kill('SIGKILL');
    await running.ended;
    expect((await fleet.run(['migrate'])).code).toBe(4);
    const resumed = await fleet.json(['resume']);
    expect(resumed.code).toBe(0);
    expect(await fleet.columns('us2', 'account')).toContain('a');
    const tables = await fleet.rows('us3', "SHOW TABLES LIKE 'account'");
    expect(tables).toEqual([]); // the resumed run kept the --only of the killed one
  });
});
