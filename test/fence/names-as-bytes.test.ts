import { Sharded, ShardTenantTable } from '@switchyard/models';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

// What the directory keeps apart is apart on the shard, whatever names a fleet allows.
const NAMES = ['acme', 'ACME', 'acmé', 'acme\u0301', 'ａcme'];
const SPACED = 'acme ';

@Sharded({ tenant: 'tenantId' })
@Entity()
class Tag {
  @PrimaryColumn({ type: 'int' }) id!: number;
  @Column({ type: 'varchar', length: 40, collation: 'utf8mb4_bin' }) tenantId!: string;
}

let fleet: Fleet;
let table: ShardTenantTable;
beforeAll(async () => {
  const tenantNames = { pattern: /^.{1,20}$/, anyCharacter: true };
  fleet = await startFleet({ shards: ['us1'], entities: [Tag], tenantNames });
  table = new ShardTenantTable({ topology: fleet.topology, lockFile: fleet.lockFile });
});
afterAll(async () => {
  await table?.close();
  await fleet?.stop();
});

describe('the record of a tenant on a shard', () => {
  it('is that of one name, byte for byte', async () => {
    for (const [i, name] of NAMES.entries()) await table.admit('us1', name, i + 1);
    for (const [i, name] of NAMES.entries()) {
      expect(await table.read('us1', name)).toMatchObject({ tenant: name, epoch: i + 1 });
    }
    expect(await fleet.rows('us1', 'SELECT COUNT(*) AS n FROM shard_tenant')).toEqual([
      { n: NAMES.length },
    ]);
  });

  it('is frozen alone', async () => {
    const [fromEpoch, toEpoch] = [1, 9];
    const freeze = { shard: 'us1', tenant: 'acme', fromEpoch, toEpoch };
    await table.freeze({ ...freeze, movingTo: 'us2', mover: 'm1' });
    for (const [i, name] of NAMES.slice(1).entries()) {
      expect(await table.read('us1', name)).toMatchObject({ state: 'active', epoch: i + 2 });
    }
  });

  it('is what the fence reads, and of no name that only ends in a space', async () => {
    const begin = 'CALL switchyard_begin_v1(?, 0, ?)';
    await expect(fleet.rows('us1', begin, ['acme', 9])).rejects.toThrow(/frozen/);
    await expect(fleet.rows('us1', begin, [SPACED, 9])).rejects.toThrow(/missing/);
    await fleet.admit('us1', SPACED, 7);
    await fleet.rows('us1', begin, [SPACED, 7]);
    await fleet.rows('us1', 'ROLLBACK');
  });

  it('is found by the wait for its transactions, which names who holds it', async () => {
    const { database } = fleet.topology.shard('us1');
    await fleet.rows('us1', 'START TRANSACTION');
    await fleet.rows(
      'us1',
      `SELECT 1 FROM ${database}.shard_tenant WHERE tenant = 'ACME' LOCK IN SHARE MODE`,
    );
    try {
      const at = { shard: 'us1', tenant: 'ACME', fromEpoch: 2, toEpoch: 3 };
      const change = { ...at, movingTo: 'us2', mover: 'm1' };
      const freeze = table.freeze(change, { deadlineMs: 1_500 });
      const busy = await freeze.catch((error: unknown) => error);
      expect(busy).toMatchObject({ code: 'TENANT_BUSY', holders: [{ ageMs: expect.any(Number) }] });
    } finally {
      await fleet.rows('us1', 'ROLLBACK');
    }
  });
});
