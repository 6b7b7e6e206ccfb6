import { Sharded } from '@switchyard/models';
import { Column, Entity, PrimaryColumn, Table } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fleet } from '../support/fleet/index.ts';
import { onFirst, startPlaces } from './house.ts';

@Sharded({ tenant: 'none' })
@Entity()
class Plan {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40 }) name!: string;
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startPlaces([Plan]);
});
afterAll(() => fleet?.stop());

const tables = async (shard: string) =>
  (await fleet.rows(shard, 'SHOW TABLES')).flatMap((row) => Object.values(row));

describe('synchronize inside a shard’s context', () => {
  it('makes the tables of that shard only, and finds nothing to do afterwards', async () => {
    for (const shard of ['us1', 'us2']) await fleet.rows(shard, 'DROP TABLE `plan`');
    await fleet.onShard('us1', () => fleet.dataSource.synchronize());
    expect(await tables('us1')).toContain('plan');
    expect(await tables('us2')).not.toContain('plan');
    const again = await fleet.onShard(
      'us1',
      async () => (await fleet.dataSource.driver.createSchemaBuilder().log()).upQueries,
    );
    expect(again).toEqual([]);
    await fleet.onShard('us2', () => fleet.dataSource.synchronize());
    expect(await tables('us2')).toContain('plan');
  });

  it('is refused without a context, and as an option at start-up', async () => {
    await expect(fleet.dataSource.synchronize()).rejects.toMatchObject({
      code: 'SHARD_CONTEXT_MISSING',
    });
    await expect(fleet.open({ synchronize: true as never })).rejects.toMatchObject({
      code: 'OPTION_REFUSED',
    });
  });

  it('is refused for a tenant, whose fence DDL would end', async () => {
    await fleet.rows('us1', 'ALTER TABLE `plan` DROP COLUMN name');
    await expect(onFirst(fleet, () => fleet.dataSource.synchronize())).rejects.toMatchObject({
      code: 'STATEMENT_REFUSED',
    });
    await fleet.onShard('us1', () => fleet.dataSource.synchronize());
  });
});

describe('a query runner’s schema methods', () => {
  it('act on the tables of their own shard', async () => {
    await fleet.onShard('us1', async () => {
      const runner = fleet.dataSource.createQueryRunner();
      try {
        await runner.createTable(
          new Table({ name: 'made', columns: [{ name: 'id', type: 'int', isPrimary: true }] }),
        );
        expect(await runner.hasTable('made')).toBe(true);
        expect((await runner.getTable('made'))?.columns.map(({ name }) => name)).toEqual(['id']);
        await runner.dropTable('made');
      } finally {
        await runner.release();
      }
    });
    expect(await tables('us2')).not.toContain('made');
  });
});

describe('one shard as an ordinary data source', () => {
  it('reads and writes its own rows, without a context', async () => {
    const plans = (shard: string) => fleet.dataSource.shard(shard).getRepository(Plan);
    await plans('us1').save({ id: 1, name: 'one' });
    await plans('us2').save({ id: 1, name: 'two' });
    expect((await plans('us1').findOneByOrFail({ id: 1 })).name).toBe('one');
    const foreign = await plans('us1').findOneByOrFail({ id: 1 });
    await expect(plans('us2').save(foreign)).rejects.toMatchObject({ code: 'RECORD_MISPLACED' });
  });

  it('is refused inside the context of another shard with RUNNER_MISPLACED, and works in its own', async () => {
    const plans = fleet.dataSource.shard('us1').getRepository(Plan);
    await plans.save({ id: 2, name: 'of us1' });
    const uses = [() => plans.findOneBy({ id: 2 }), () => plans.save({ id: 3, name: 'astray' })];
    for (const use of uses) {
      await expect(fleet.onShard('us2', async () => use())).rejects.toMatchObject({
        code: 'RUNNER_MISPLACED',
      });
    }
    expect((await fleet.onShard('us1', () => plans.findOneByOrFail({ id: 2 }))).name).toBe(
      'of us1',
    );
    for (const shard of ['us1', 'us2']) {
      expect(await fleet.rows(shard, 'SELECT id FROM plan WHERE id = 3')).toEqual([]);
    }
  });
});
