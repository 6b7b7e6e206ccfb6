import { ShardedDataSource } from '@switchyard/models';
import { ShardContext } from '@switchyard/shard-context';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MigratedFleet } from './migrated-fleet.ts';

describe('code that runs while schemas differ', () => {
  let fleet: MigratedFleet;
  let dataSource: ShardedDataSource;
  let context: ShardContext;
  let first: string;
  let second: string;
  beforeAll(async () => {
    fleet = await MigratedFleet.start({ shards: ['us1', 'us2'] });
    first = await fleet.migration('FirstSchema', 1790000000000, [
      'CREATE TABLE account (id BIGINT NOT NULL PRIMARY KEY)',
    ]);
    second = await fleet.migration('Second', 1790000000001, [
      'ALTER TABLE account ADD COLUMN a INT NULL',
    ]);
    expect((await fleet.run(['prepare'])).code).toBe(0);
    expect((await fleet.run(['migrate', '--to', first])).code).toBe(0);
    expect((await fleet.run(['migrate', '--only', 'us2'])).code).toBe(0);
    const { topology, lockFile } = fleet.declared();
    dataSource = new ShardedDataSource({ topology, lockFile, entities: [] });
    await dataSource.initialize();
    context = new ShardContext(topology);
  });
  afterAll(async () => {
    await dataSource.destroy();
    await fleet.stop();
  });

  it('asks the ledger of the shard of its context', async () => {
    const on = (shard: string, name: string) =>
      context.onShard(shard, () => dataSource.hasMigration(name));
    expect(await on('us1', first)).toBe(true);
    expect(await on('us1', second)).toBe(false);
    expect(await on('us2', second)).toBe(true);
  });

  it('is refused without a context', async () => {
    await expect(dataSource.hasMigration(first)).rejects.toMatchObject({
      code: 'SHARD_CONTEXT_MISSING',
    });
  });

  it('costs one read for many who ask', async () => {
    const asked = async () =>
      Number((await fleet.rows('us1', "SHOW GLOBAL STATUS LIKE 'Com_select'"))[0]?.['Value']);
    await context.onShard('us1', () => dataSource.hasMigration(first));
    const before = await asked();
    await context.onShard('us1', () =>
      Promise.all(Array.from({ length: 500 }, () => dataSource.hasMigration(first))),
    );
    expect((await asked()) - before).toBeLessThan(250); // others use the server too
  });
});
