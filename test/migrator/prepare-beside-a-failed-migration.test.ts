import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

describe('a command line whose reader goes away (| head -1)', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'] });
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY)',
      'CREATE TABLE note (id BIGINT NOT NULL PRIMARY KEY)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
  });
  afterAll(() => fleet.stop());

  it('goes on with the rollout', async () => {
    fleet.rollout = { holdMs: 500 };
    const running = fleet.spawn(['migrate', '--json']);
    await running.saw('shard-planned');
    running.child.stdout!.destroy();
    const { code, err } = await running.ended;

    expect(err).not.toContain('EPIPE');
    for (const shard of fleet.shards) {
      expect(await fleet.rows(shard, "SHOW TABLES LIKE 'note'")).toHaveLength(1);
    }
    expect(code).toBe(0);
  });
});

describe('a new shard beside one on which a migration failed at its first step and was withdrawn', () => {
  let fleet: MigratedFleet;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'] });
  });
  afterAll(() => fleet.stop());

  it('is brought to its schema', async () => {
    const us2 = fleet.definition('us2');
    fleet.declareOnly('us1');
    await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY)',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate'])).code).toBe(0);
    await fleet.rows('us1', 'INSERT INTO account VALUES (1), (2)');
    await fleet.migration('Bad', 1790000000001, ['UPDATE account SET id = 1 WHERE id = 2']);
    expect((await fleet.run(['migrate'])).code).toBe(1);
    expect((await fleet.json(['status'])).events[0]).toMatchObject({ state: 'failed' });
    await rm(join(fleet.folder, 'migrations', '1790000000001-Bad.mjs'));
    expect((await fleet.json(['status'])).events[0]).toMatchObject({ state: 'ready' });
    fleet.declare(us2);
    const { code } = await fleet.run(['prepare', '--all-writers-interleaved']);

    expect(code).toBe(0);
    expect(await fleet.rows('us2', "SHOW TABLES LIKE 'account'")).toHaveLength(1);
  });
});
