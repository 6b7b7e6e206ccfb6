import { Directory, Router, type RightSide } from '@switchyard/directory';
import { ShardTenantTable } from '@switchyard/models';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Account } from '../fence/account.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { KEY_HASH } from './fleet.ts';
import { emptyStore, reasonToSkip, STORES, type StoreUnderTest } from './stores.ts';

let fleet: Fleet;
let table: ShardTenantTable;
beforeAll(async () => {
  fleet = await startFleet({ entities: [Account], shards: ['us1', 'us2', 'us3'] });
  table = new ShardTenantTable({ topology: fleet.topology, lockFile: fleet.lockFile });
});
afterAll(async () => {
  await table?.close();
  await fleet?.stop();
});

for (const name of STORES) {
  const reason = await reasonToSkip(name);
  const title = `the ${name} directory beside its shards${reason === undefined ? '' : ` (skipped: ${reason})`}`;
  describe.skipIf(reason !== undefined)(title, () => {
    let under: StoreUnderTest;
    let directory: Directory;
    beforeEach(async () => {
      for (const { name: shard } of fleet.topology.shards) {
        await fleet.rows(shard, 'DELETE FROM shard_tenant');
      }
      under = await emptyStore(name);
      directory = opened(under);
      for (let i = 0; i < 9; i++) {
        await directory.assign(`t_${i}`, { shard: ['us1', 'us2', 'us3'][i % 3]! });
      }
    });
    afterEach(() => under?.dispose());

    const opened = (on: StoreUnderTest) =>
      new Directory({
        store: on.open(),
        topology: fleet.topology,
        keyHash: KEY_HASH,
        shardTenants: table,
        cache: { pollMs: 0 },
      });
    const forget = (shard: string, tenant: string) =>
      fleet.rows(shard, 'DELETE FROM shard_tenant WHERE tenant = ?', [tenant]);
    const found = async () =>
      (await directory.audit()).findings.map(({ tenant, finding }) => [tenant, finding]);
    const rebuild = async (from: RightSide, tenants?: string[]) => {
      const repairs = [];
      for await (const { tenant, repaired } of directory.rebuild({ from, tenants })) {
        repairs.push([tenant, repaired]);
      }
      return repairs;
    };
    /** What no repair may bring about. */
    const activeOn = async (tenant: string) =>
      (await table.find(tenant)).filter(({ row }) => row.state === 'active').map((it) => it.shard);

    it('is in step after assignments, and a part of it is looked at where that is asked', async () => {
      expect(await directory.audit()).toEqual({ tenants: 9, findings: [] });
      expect(await directory.audit({ sample: 4 })).toEqual({ tenants: 4, findings: [] });
      expect(await directory.audit({ sample: 99 })).toEqual({ tenants: 9, findings: [] });
    });

    it('contradicts them in each way that there is, and changes nothing by saying so', async () => {
      await fleet.admit('us3', 'a_unplaced', 1);
      await forget('us2', 't_1');
      await forget('us3', 't_2');
      await fleet.admit('us1', 't_2', 7);
      await fleet.admit('us3', 't_4', 1);
      await fleet.rows('us3', "UPDATE shard_tenant SET epoch = 5 WHERE tenant = 't_5'");
      const all = [
        ['a_unplaced', 'unplaced'],
        ['t_1', 'lost'],
        ['t_2', 'misplaced'],
        ['t_4', 'twice'],
        ['t_5', 'epoch'],
      ];
      expect(await found()).toEqual(all);
      expect(await found()).toEqual(all);
    });

    it('is not contradicted by a move that is in order, and is by one that is over', async () => {
      const freeze = { shard: 'us1', tenant: 't_0', fromEpoch: 1, toEpoch: 2, movingTo: 'us2' };
      await table.freeze({ ...freeze, mover: 'm1', holdMs: 700 });
      expect(await found()).toEqual([]);
      await expect.poll(found, { timeout: 5_000 }).toEqual([['t_0', 'unfinished']]);
      expect(await rebuild('shards')).toEqual([['t_0', true]]);
      expect(await activeOn('t_0')).toEqual(['us1']);
    });

    it('follows the shards where an operator says that they are right', async () => {
      await fleet.admit('us3', 'a_unplaced', 4);
      await forget('us3', 't_2');
      await fleet.admit('us1', 't_2', 7);
      await fleet.rows('us2', "UPDATE shard_tenant SET epoch = 5 WHERE tenant = 't_4'");
      await forget('us2', 't_1');
      expect(await rebuild('shards')).toEqual([
        ['a_unplaced', true],
        ['t_1', false],
        ['t_2', true],
        ['t_4', true],
      ]);
      expect(await found()).toEqual([['t_1', 'lost']]);
      expect(await directory.readPlacement('t_2')).toMatchObject({ shard: 'us1', epoch: 7 });
    });

    it('is followed by them where an operator says that it is right, one active shard at a time', async () => {
      await forget('us2', 't_1');
      await fleet.admit('us3', 't_4', 9);
      await forget('us3', 't_2');
      await fleet.admit('us1', 't_2', 7);
      expect(await rebuild('directory', ['t_1', 't_2', 't_4'])).toEqual([
        ['t_1', true],
        ['t_2', true],
        ['t_4', true],
      ]);
      expect(await found()).toEqual([]);
      expect(await activeOn('t_1')).toEqual(['us2']);
      expect(await activeOn('t_2')).toEqual(['us3']);
      expect(await activeOn('t_4')).toEqual(['us2']);
    });

    it('is not completed by itself where a shard has lost a tenant that it had', async () => {
      await forget('us2', 't_1'); // restored from a backup that is older than the tenant
      const write = () => fleet.dataSource.transaction((manager) => manager.query('SELECT 1'));
      const router = new Router({ directory, context: fleet.context });
      await expect(router.onTenant('t_1', write, { repeatable: true })).rejects.toMatchObject({
        code: expect.stringMatching(/TENANT_NOT_ON_SHARD|DIRECTORY_UNAVAILABLE/),
      });
      await directory.assign('t_1');
      expect(await activeOn('t_1')).toEqual([]);
      expect(await found()).toEqual([['t_1', 'lost']]);
    });

    it('that was lost gives every tenant back to the shard that has it', async () => {
      await fleet.rows('us3', "UPDATE shard_tenant SET epoch = 6 WHERE tenant = 't_5'");
      const empty = await emptyStore(name);
      const after = opened(empty);
      for (let i = 0; i < 9; i++) await after.assign(`t_${i}`, { shard: 'us1' });
      expect((await after.audit()).findings).toEqual([]);
      expect(await after.readPlacement('t_5')).toMatchObject({ shard: 'us3', epoch: 6 });
      await fleet.rows('us1', "UPDATE shard_tenant SET state = 'removed' WHERE tenant = 't_0'");
      const emptier = await emptyStore(name);
      await expect(opened(emptier).assign('t_0', { shard: 'us2' })).rejects.toMatchObject({
        code: 'ASSIGNMENT_IMPOSSIBLE',
      });
      await emptier.dispose();
      await empty.dispose();
    });
  });
}
