import { Directory, TenantSwitch } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import { RecordFinder, ShardTenantTable } from '@switchyard/models';
import type { Locator, RecordReference } from '@switchyard/shard-context';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { KEY_HASH } from '../directory/fleet.ts';
import type { Fleet } from '../support/fleet/index.ts';
import { Account, refill, startHouse } from './house.ts';

const ID = '4097';
const MOVE = { tenant: 't_1', source: 'us1', target: 'us2', mover: 'm1' };

let fleet: Fleet;
let table: ShardTenantTable;
let store: MemoryStore;
/** A process of its own, which hears of nothing until it asks. */
const openDirectory = () => {
  const { topology } = fleet;
  return new Directory({
    store,
    topology,
    keyHash: KEY_HASH,
    shardTenants: table,
    cache: { pollMs: 0 },
  });
};
const put = (shard: string, name: string) =>
  fleet.rows(shard, "INSERT INTO account VALUES (?, 't_1', ?, NULL, 1, NULL)", [ID, name]);

beforeAll(async () => {
  fleet = await startHouse();
  const { topology, lockFile } = fleet;
  table = new ShardTenantTable({ topology, lockFile });
  store = new MemoryStore();
  await refill(fleet);
  for (const shard of ['us1', 'us2']) await fleet.rows(shard, 'DELETE FROM shard_tenant');
});
afterAll(async () => {
  await table?.close();
  await fleet?.stop();
});

it('an ID that was made after a move leads to the row of today, also where no one has heard of the move', async () => {
  const here = openDirectory();
  for (const [tenant, shard] of Object.entries({ t_1: 'us1', t_2: 'us1', t_3: 'us2' })) {
    await here.assign(tenant, { shard });
  }
  await here.locateTenant('t_1');
  await put('us1', 'left behind');
  const mover = new TenantSwitch({ directory: openDirectory(), shardTenants: table });
  const { epoch } = await mover.freezeTenant(MOVE);
  await put('us2', 'current');
  const placement = await mover.switchTenant({ ...MOVE, epoch });

  const finder = new RecordFinder(fleet.dataSource, here);
  const reference = await fleet.context.onPlacement(placement, async () =>
    finder.referenceOf(await fleet.dataSource.getRepository(Account).findOneByOrFail({ id: ID })),
  );
  expect(reference).toMatchObject({ shard: 'us2', tenant: 't_1', epoch: placement.epoch });

  const never: RecordReference = { ...reference, epoch: placement.epoch + 7 };
  const before: RecordReference = { ...reference, shard: 'us1', epoch: 1 };
  const found = { outcome: 'found', record: { id: ID, name: 'current' } };
  expect(
    await new RecordFinder(fleet.dataSource, openDirectory()).locateMany([before]),
  ).toMatchObject([found]);
  expect(await finder.locate(reference)).toMatchObject(found);
  // Of an epoch that never was, the directory's primary has the last word.
  expect(await finder.locate(never)).toMatchObject(found);
  // Where no one can say, the ID itself has to wait, and no other of its tenant.
  const behind: Locator = {
    locateKey: (one) => here.locateKey(one),
    locateTenant: (tenant, options) =>
      (options?.minEpoch ?? 0) > placement.epoch
        ? Promise.reject(new TypeError('behind'))
        : here.locateTenant(tenant, options),
  };
  const all = new RecordFinder(fleet.dataSource, behind).locateMany([before, never, reference]);
  expect(await all).toMatchObject([found, { outcome: 'unavailable' }, found]);
});
