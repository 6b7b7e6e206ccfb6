import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareShard, ShardTenantTable } from '@switchyard/models';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ prepared: false, servers: 1 });
});
afterAll(() => fleet?.stop());

const prepare = (shard: string) =>
  prepareShard({ topology: fleet.topology, shard, lockFile: fleet.lockFile });

const tables = async (shard: string) =>
  (await fleet.rows(shard, 'SHOW TABLES')).map((row) => Object.values(row)[0]);

describe('prepareShard()', () => {
  it('makes identity, tenant table and fence, and notes the identity in the lock file', async () => {
    const { stamped, identity } = await prepare('us1');
    expect(stamped).toBe(true);
    expect(await fleet.rows('us1', 'SELECT uuid, incarnation FROM shard_identity')).toEqual([
      identity,
    ]);
    expect(await fleet.lockFile.expected('us1')).toEqual(identity);
  });

  it.each([
    ['the tenant table', 'DROP TABLE shard_tenant'],
    ['the counter of changes', 'DROP TABLE shard_tenant_counter'],
    ['the fence', 'DROP PROCEDURE switchyard_begin_v1'],
  ])('makes %s again where it is gone, and keeps the identity', async (_what, sql) => {
    await fleet.rows('us1', sql);
    const before = await fleet.lockFile.expected('us1');
    expect((await prepare('us1')).identity).toEqual(before);
    expect(await tables('us1')).toEqual(['shard_identity', 'shard_tenant', 'shard_tenant_counter']);
    const routines =
      'SELECT routine_name FROM information_schema.routines WHERE routine_schema = ?';
    const { database } = fleet.topology.shard('us1');
    expect(await fleet.rows('us1', routines, [database])).toHaveLength(1);
  });

  it('does nothing where all is there, and keeps the tenants', async () => {
    await fleet.admit('us1', 't_1', 4);
    const before = await fleet.rows('us1', 'SELECT * FROM shard_identity');
    for (let i = 0; i < 3; i++) expect((await prepare('us1')).stamped).toBe(false);
    expect(await fleet.rows('us1', 'SELECT * FROM shard_identity')).toEqual(before);
    const tenants = 'SELECT CAST(tenant AS CHAR) AS tenant, epoch FROM shard_tenant';
    expect(await fleet.rows('us1', tenants)).toEqual([{ tenant: 't_1', epoch: 4 }]);
  });

  it('gives movers and numbers to a table of an older release, and keeps the tenants', async () => {
    await fleet.rows('us1', 'DROP TABLE shard_tenant_counter');
    await fleet.rows('us1', 'DELETE FROM shard_tenant');
    const added = ['moving_to', 'mover', 'freeze_ends', 'lease_ends', 'change_number'];
    const drops = added.map((column) => `DROP COLUMN ${column}`).join(', ');
    await fleet.rows(
      'us1',
      `ALTER TABLE shard_tenant DROP KEY by_state, DROP KEY by_change, ${drops}`,
    );
    await fleet.admit('us1', 't_old', 4);
    await prepare('us1');
    const { topology, lockFile } = fleet;
    const table = new ShardTenantTable({ topology, lockFile });
    expect(await table.read('us1', 't_old')).toMatchObject({ epoch: 4, changeNumber: 0 });
    expect(await table.admit('us1', 't_new', 1)).toMatchObject({ changeNumber: 1 });
    await table.close();
  });

  it('makes bytes of names that an older release kept as text, and keeps the tenants', async () => {
    await fleet.rows('us1', 'DELETE FROM shard_tenant');
    await fleet.rows(
      'us1',
      'ALTER TABLE shard_tenant MODIFY tenant VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL',
    );
    await fleet.admit('us1', 'é_1', 4);
    await prepare('us1');
    const [row] = await fleet.rows('us1', 'SELECT tenant, epoch FROM shard_tenant');
    expect(row).toEqual({ tenant: Buffer.from('é_1'), epoch: 4 });
  });

  it('by several at once stamps one identity', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => prepare('us2')));
    expect(all.filter(({ stamped }) => stamped)).toHaveLength(1);
    expect(new Set(all.map(({ identity }) => identity.uuid)).size).toBe(1);
    expect(await fleet.lockFile.expected('us2')).toEqual(all[0]!.identity);
  });

  it('refuses a database that is another shard, and one whose identity is gone', async () => {
    await fleet.rows('us2', "UPDATE shard_identity SET name = 'us1'");
    await expect(prepare('us2')).rejects.toMatchObject({ code: 'SHARD_IDENTITY' });
    await fleet.rows('us2', 'DELETE FROM shard_identity');
    await expect(prepare('us2')).rejects.toMatchObject({ code: 'SHARD_NOT_IDENTIFIABLE' });
  });
});
