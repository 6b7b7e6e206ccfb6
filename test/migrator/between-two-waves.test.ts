import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MigratedFleet, type RunningCli } from './migrated-fleet.ts';

vi.setConfig({ testTimeout: 180_000 });

describe('a rollout between two waves', () => {
  let fleet: MigratedFleet;
  let openGate: () => Promise<void>;
  beforeEach(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2', 'us3'] });
    const gate = join(fleet.folder, 'gate');
    openGate = () => writeFile(gate, '');
    fleet.rollout = { healthCommand: `until [ -e ${gate} ]; do sleep 0.05; done` };
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
  });
  afterEach(() => fleet.stop());

  it('ends when it is aborted', async () => {
    const running = fleet.spawn(['migrate', '--json']);
    await running.saw('wave-ended'); // the canary is done; the health command runs
    expect((await fleet.run(['abort'])).code).toBe(0);

    await openGate();
    const { code } = await running.ended;
    expect(await fleet.rows('us2', "SHOW TABLES LIKE 'account'")).toEqual([]);
    expect(await fleet.rows('us3', "SHOW TABLES LIKE 'account'")).toEqual([]);
    expect(code).toBe(4);
    expect((await fleet.run(['migrate'])).code).toBe(0);
  });

  it('goes on by itself when it was paused there and is resumed', async () => {
    const running = fleet.spawn(['migrate', '--json']);
    await running.saw('wave-ended');
    await fleet.run(['pause']);
    expect((await fleet.run(['resume'])).code).toBe(0);

    // The health command has not been answered yet: no second wave may have begun.
    expect(await fleet.rows('us2', "SHOW TABLES LIKE 'account'")).toEqual([]);
    await openGate();
    expect((await running.ended).code).toBe(0);
  });
});

describe('a rollout that still plans', () => {
  let fleet: MigratedFleet;
  beforeEach(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2', 'us3'] });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(100) NULL)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.migration('NotNull', 1790000000001, [
      'ALTER TABLE account MODIFY name VARCHAR(100) NOT NULL',
    ]);
  });
  afterEach(() => fleet.stop());

  const nullable = async (shard: string): Promise<unknown> => {
    const [column] = await fleet.rows(shard, "SHOW COLUMNS FROM account LIKE 'name'");
    return column?.['Null'];
  };

  /** A migrate whose planner waits on these shards for a row count, until it is let go. */
  async function planning(...shards: string[]): Promise<RunningCli & { letGo(): Promise<void> }> {
    for (const shard of shards) await fleet.rows(shard, 'LOCK TABLES account WRITE');
    const running = fleet.spawn(['migrate', '--json']);
    const waiting = `SELECT 1 FROM information_schema.PROCESSLIST
       WHERE DB = DATABASE() AND STATE LIKE 'Waiting for table%'`;
    for (const shard of shards) {
      await expect.poll(() => fleet.rows(shard, waiting), { timeout: 60_000 }).toHaveLength(1);
    }
    const letGo = async () => {
      for (const shard of shards) await fleet.rows(shard, 'UNLOCK TABLES');
    };
    return { ...running, letGo };
  }

  it.each([[['us1']], [['us3']], [['us1', 'us2', 'us3']]])(
    'ends before its first step when it is aborted while it plans %j',
    async (shards) => {
      const running = await planning(...shards);
      const aborted = await fleet.run(['abort']);
      expect(aborted.code).toBe(0);
      expect(aborted.out).toContain('still planning');
      await running.letGo();
      const { code, events } = await running.ended;
      expect(code).toBe(4);
      expect(events.at(-1)).toMatchObject({ event: 'rollout-ended' });
      for (const shard of fleet.shards) expect(await nullable(shard)).toBe('YES');
      expect((await fleet.run(['migrate'])).code).toBe(0);
      for (const shard of fleet.shards) expect(await nullable(shard)).toBe('NO');
    },
  );

  it('is not what an abort meant that was asked for before it began', async () => {
    expect((await fleet.run(['abort'])).code).toBe(0);
    const running = await planning('us2');
    await running.letGo();
    expect((await running.ended).code).toBe(0);
    for (const shard of fleet.shards) expect(await nullable(shard)).toBe('NO');
    expect(await fleet.rows('us1', 'SELECT control FROM shard_lease')).toEqual([
      { control: 'run' },
    ]);
  });
});

describe('a canary that is named and cannot be tried', () => {
  let fleet: MigratedFleet;
  beforeEach(async () => {
    fleet = await MigratedFleet.start({
      shards: ['us1', 'us2', 'us3'],
      rollout: { canary: ['us1', 'us2'] },
    });
    expect((await fleet.run(['prepare'])).code).toBe(0);
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY)',
    ]);
  });
  afterEach(() => fleet.stop());

  const has = async (shard: string) =>
    (await fleet.rows(shard, "SHOW TABLES LIKE 'account'")).length > 0;

  it('because it is down ends the rollout before anything begins; --only leaves it out', async () => {
    const { writer } = fleet.declared().topology.shard('us2').server;
    fleet.redeclareServer('us2', { writer: { ...writer, port: 1 } });
    const alone = fleet.shards.filter((shard) => !isBeside(shard, 'us2'));
    const { code, events } = await fleet.json(['migrate']);
    expect(code).toBe(1);
    expect(events.find(({ event }) => event === 'rollout-ended')?.['stopped']).toContain(
      'canary us2 is unreachable',
    );
    for (const shard of fleet.shards) expect(await has(shard)).toBe(false);
    expect((await fleet.json(['migrate', '--only', ...alone])).code).toBe(0);
    for (const shard of alone) expect(await has(shard)).toBe(true);
  });

  it('because the plan refuses it does so, too; one that has it all already does not', async () => {
    await fleet.rows('us2', 'CREATE TABLE account (id INT NOT NULL PRIMARY KEY)');
    const { code, events } = await fleet.json(['migrate']);
    expect(code).toBe(1);
    expect(events.find(({ event }) => event === 'rollout-ended')?.['stopped']).toContain(
      'canary us2 is refused',
    );
    for (const shard of ['us1', 'us3']) expect(await has(shard)).toBe(false);
    await fleet.rows('us2', 'DROP TABLE account');
    expect((await fleet.json(['migrate', '--only', 'us1', 'us2'])).code).toBe(0);
    expect((await fleet.json(['migrate'])).code).toBe(0);
    expect(await has('us3')).toBe(true);
  });

  function isBeside(shard: string, other: string): boolean {
    return fleet.definition(shard).server === fleet.definition(other).server;
  }
});

describe('an option of the command line', () => {
  let fleet: MigratedFleet;
  beforeEach(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'] });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
  });
  afterEach(() => fleet.stop());

  it('--only without a shard is refused, as `--only $SHARD` with an empty variable is', async () => {
    const { code } = await fleet.run(['migrate', '--only']);

    expect(await fleet.rows('us1', "SHOW TABLES LIKE 'account'")).toEqual([]);
    expect(code).toBe(2);
  });

  it('--only that names a shard twice works on it once', async () => {
    const { code, events } = await fleet.json(['migrate', '--only', 'us1', '--only', 'us1']);

    expect(events.filter(({ event }) => event === 'shard-ended')).toMatchObject([
      { shard: 'us1', result: 'done' },
    ]);
    expect(code).toBe(0);
  });

  it.each(['--to', '--config'])('%s without a value is a usage error', async (option) => {
    const { code, err } = await fleet.run(['migrate', option]);
    expect(code).toBe(2);
    expect(err).toContain('Not enough arguments');
    expect(err).not.toContain('    at ');
  });

  it('--down of a plan needs --to', async () => {
    expect((await fleet.run(['migrate'])).code).toBe(0);
    const { code } = await fleet.run(['plan', '--down']);

    expect(code).toBe(2);
  });
});
