import { Sharded } from '@switchyard/models';
import { SYSTEM_TABLES } from '@switchyard/mysql/internal';
import { Column, Entity, PrimaryColumn, type DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { onFirst, startPlaces } from './house.ts';

@Sharded({ tenant: 'tenantId' })
@Entity()
class Task {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
}

let fleet: Fleet;
beforeEach(async () => {
  fleet = await startPlaces([Task]);
  for (const [shard, tenant] of [
    ['us1', 't_1'],
    ['us2', 't_2'],
  ] as const) {
    await fleet.rows(shard, 'INSERT INTO task VALUES (1, ?)', [tenant]);
    await fleet.rows(shard, 'CREATE VIEW seen AS SELECT id FROM task');
  }
});
afterEach(() => fleet?.stop());

const tables = async (shard: string) =>
  (await fleet.rows(shard, 'SHOW TABLES')).flatMap((row) => Object.values(row) as string[]);
const saved = (shard: 'us1' | 'us2', id: number) =>
  fleet.onTenant(shard, shard === 'us1' ? 't_1' : 't_2', async () => {
    const tasks = fleet.dataSource.getRepository(Task);
    await tasks.save(tasks.create({ id }));
    return (await tasks.find({ order: { id: 'ASC' } })).map((task) => task.id);
  });

describe('the system tables of a shard', () => {
  const EMPTIED: [string, () => Promise<void>][] = [
    ['dropDatabase()', () => fleet.onShard('us1', () => fleet.dataSource.dropDatabase())],
    ['dropDatabase() of shard(name)', () => fleet.dataSource.shard('us1').dropDatabase()],
    ['synchronize(true)', () => fleet.onShard('us1', () => fleet.dataSource.synchronize(true))],
  ];

  it.each(EMPTIED)('are left by %s, and the shard serves its tenants', async (_name, empty) => {
    const system = (await tables('us1')).filter((name) => SYSTEM_TABLES.includes(name));
    await empty();
    const left = await tables('us1');
    expect(left).toEqual(expect.arrayContaining(system));
    expect(left).not.toContain('seen');
    await fleet.onShard('us1', () => fleet.dataSource.synchronize());
    expect(await saved('us1', 2)).toEqual([2]);
    expect(await saved('us2', 2)).toEqual([1, 2]);
  });
});

describe('destroy()', () => {
  const sessions = (shard: string) =>
    fleet.rows(
      shard,
      'SELECT ID FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()',
    );

  it('ends the transaction of a runner that was not released', async () => {
    const runner = await onFirst(fleet, async () => {
      const begun = fleet.dataSource.createQueryRunner();
      await begun.startTransaction();
      await begun.query("INSERT INTO task VALUES (3, 't_1')");
      return begun;
    });
    await fleet.dataSource.destroy();
    await vi.waitFor(async () => expect(await sessions('us1')).toEqual([]));
    await fleet.rows('us1', 'SET innodb_lock_wait_timeout = 1');
    await fleet.rows('us1', "INSERT INTO task VALUES (3, 't_1')"); // no lock is left
    await runner.release();
  });

  it('lets the statement that is under way end', async () => {
    const running = onFirst(fleet, () => fleet.dataSource.query('SELECT SLEEP(0.5) AS slept'));
    await vi.waitFor(async () => expect(await sessions('us1')).toHaveLength(1));
    await new Promise((resolve) => setImmediate(resolve));
    await fleet.dataSource.destroy();
    expect(await running).toEqual([{ slept: expect.anything() as unknown }]);
    expect(await sessions('us1')).toEqual([]);
  });
});

describe('what libraries ask of a data source', () => {
  it('is the database of the context’s shard in its options, as in its driver', async () => {
    const seen = (shard: string) =>
      fleet.onShard(shard, () => [
        fleet.dataSource.options.database,
        fleet.dataSource.driver.database,
      ]);
    for (const { name, database } of fleet.shards) expect(seen(name)).toEqual([database, database]);
    expect(fleet.dataSource.options.database).toBe(fleet.dataSource.driver.database);
  });
});

describe('one shard as the data source of TypeORM’s command line', () => {
  it('builds its metadata when it is initialized, and finds what migration:generate would write', async () => {
    await fleet.rows('us1', 'ALTER TABLE task ADD COLUMN extra int');
    await fleet.dataSource.destroy();
    const unopened = new (
      fleet.dataSource.constructor as new (options: object) => DataSource & {
        shard(name: string): DataSource;
      }
    )({ topology: fleet.topology, lockFile: fleet.lockFile, entities: [Task] });
    const one = await unopened.shard('us1').initialize();
    const { upQueries } = await one.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([
      expect.stringContaining('DROP COLUMN `extra`'),
    ]);
    await one.destroy();
    expect(unopened.isInitialized).toBe(false);
  });
});
