import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Sharded } from '@switchyard/models';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

@Entity()
@Sharded({ tenant: 'none' })
class Country {
  @PrimaryColumn({ type: 'int' })
  id!: number;

  @Column({ type: 'varchar', length: 64 })
  name!: string;
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    shards: ['us1', 'us2', 'eu1'],
    entities: [Country],
    tenants: { us1: ['t_1'], us2: ['t_2'] },
  });
  for (const shard of ['us1', 'us2', 'eu1']) {
    await fleet.rows(shard, 'INSERT INTO country (id, name) VALUES (1, ?)', [shard]);
  }
});
afterAll(() => fleet?.stop());

const repository = () => fleet.dataSource.getRepository(Country);

describe('a repository of a sharded data source', () => {
  it('reads the row of the shard of the context, where all shards have the same ids', async () => {
    for (const shard of ['us1', 'us2', 'eu1']) {
      const row = await fleet.onShard(shard, () => repository().findOneBy({ id: 1 }));
      expect(row?.name).toBe(shard);
    }
  });

  it('is refused without a context with SHARD_CONTEXT_MISSING', async () => {
    await expect(repository().findOneBy({ id: 1 })).rejects.toMatchObject({
      code: 'SHARD_CONTEXT_MISSING',
    });
    await expect(repository().insert({ id: 2, name: 'x' })).rejects.toMatchObject({
      code: 'SHARD_CONTEXT_MISSING',
    });
  });

  it('inserts, saves, updates and deletes on the shard of the context only', async () => {
    await fleet.onTenant('us1', 't_1', async () => {
      await repository().insert({ id: 2, name: 'inserted' });
      const saved = await repository().save({ id: 3, name: 'saved' });
      saved.name = 'saved twice';
      await repository().save(saved);
      await repository().update({ id: 2 }, { name: 'updated' });
      await repository().insert({ id: 4, name: 'gone' });
      await repository().delete({ id: 4 });
    });
    expect(await fleet.rows('us1', 'SELECT id, name FROM country ORDER BY id')).toEqual([
      { id: 1, name: 'us1' },
      { id: 2, name: 'updated' },
      { id: 3, name: 'saved twice' },
    ]);
    expect(await fleet.rows('us2', 'SELECT id, name FROM country')).toEqual([
      { id: 1, name: 'us2' },
    ]);
  });

  it('is refused with STATEMENT_REFUSED where raw SQL would leave the shard’s database', async () => {
    const other = fleet.shards.find(({ name }) => name === 'us2')?.database;
    const leave = () => fleet.dataSource.query(`/* us2 */ USE \`${other}\``);
    for (const within of [
      () => fleet.onShard('us1', leave),
      () => fleet.onTenant('us1', 't_1', leave),
    ]) {
      await expect(within()).rejects.toMatchObject({ code: 'STATEMENT_REFUSED' });
    }
    const row = await fleet.onShard('us1', () => repository().findOneByOrFail({ id: 1 }));
    expect(row.name).toBe('us1');
  });

  it('commits and rolls back a transaction on the shard of the context', async () => {
    await fleet.onTenant('us2', 't_2', async () => {
      await fleet.dataSource.transaction((manager) =>
        manager.insert(Country, { id: 20, name: 'kept' }),
      );
      const failing = fleet.dataSource.transaction(async (manager) => {
        await manager.insert(Country, { id: 21, name: 'dropped' });
        throw new RangeError('no');
      });
      await expect(failing).rejects.toThrow(RangeError);
    });
    expect(await fleet.rows('us2', 'SELECT id FROM country WHERE id >= 20')).toEqual([{ id: 20 }]);
  });
});
