import { Sharded } from '@switchyard/models';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

/** Its columns have the names of what the driver tells of a statement without rows. */
@Sharded({ tenant: 'tenantId', ids: 'interleaved' })
@Entity()
class Reading {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 20 }) tenantId!: string;
  @Column({ type: 'int', default: 0 }) serverStatus!: number;
  @Column({ type: 'int', default: 7 }) affectedRows!: number;
  @Column({ type: 'int', default: 8 }) raw!: number;
}

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    entities: [Reading],
    tenants: { us1: ['t_1'], us2: ['t_1'] },
    sql: ['CREATE PROCEDURE commits_inside() BEGIN COMMIT; SELECT 1 AS serverStatus; END'],
  });
});
afterAll(() => fleet?.stop());

describe('a row that the server returns of an insert', () => {
  it.each(['us1', 'us2'])('is not read as the driver’s header (%s)', async (shard) => {
    const saved = await fleet.onTenant(shard, 't_1', () =>
      fleet.dataSource.getRepository(Reading).save({}),
    );
    expect(saved).toMatchObject({ serverStatus: 0, affectedRows: 7, raw: 8, tenantId: 't_1' });
    const inserted = await fleet.onTenant(shard, 't_1', () =>
      fleet.dataSource.transaction((manager) => manager.insert(Reading, {})),
    );
    expect(inserted.identifiers).toHaveLength(1);
    expect(await fleet.rows(shard, 'SELECT COUNT(*) AS n FROM reading')).toEqual([{ n: 2 }]);
  });

  it('does not hide that a procedure ended the transaction', async () => {
    const lost = fleet.onTenant('us1', 't_1', () =>
      fleet.dataSource.query('CALL commits_inside()'),
    );
    await expect(lost).rejects.toMatchObject({ code: 'FENCE_LOST' });
  });
});
