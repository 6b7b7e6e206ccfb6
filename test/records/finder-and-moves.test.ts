import { Directory, TenantSwitch, type SwitchStep } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import { RecordFinder, ShardTenantTable } from '@switchyard/models';
import type { LocatedRecord, RecordReference } from '@switchyard/shard-context';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { KEY_HASH } from '../directory/fleet.ts';
import type { Fleet } from '../support/fleet/index.ts';
import { startTcpProxy, type TcpProxy } from '../support/servers/index.ts';
import { refill, startHouse, type Account } from './house.ts';

const MOVE = { tenant: 't_1', source: 'us1', target: 'us2', mover: 'm1' };
const ID = '4097'; // of one account of t_1, which no other shard can have made

let fleet: Fleet;
let table: ShardTenantTable;
let store: MemoryStore;
/** Of the process that looks for records; it hears of nothing that others change. */
let directory: Directory;
const proxies: TcpProxy[] = [];

const openDirectory = () =>
  new Directory({
    store,
    topology: fleet.topology,
    keyHash: KEY_HASH,
    shardTenants: table,
    cache: { pollMs: 0 },
  });

beforeAll(async () => {
  fleet = await startHouse({
    address: async (server) => {
      const proxy = await startTcpProxy(server);
      proxies.push(proxy);
      return proxy;
    },
    dataSource: { pool: { acquireTimeoutMs: 500 } },
  });
  table = new ShardTenantTable({ topology: fleet.topology, lockFile: fleet.lockFile });
});
beforeEach(async () => {
  await refill(fleet);
  for (const shard of ['us1', 'us2']) await fleet.rows(shard, 'DELETE FROM shard_tenant');
  store = new MemoryStore();
  directory = openDirectory();
  const homes = { t_1: 'us1', t_2: 'us1', t_3: 'us2' };
  for (const [tenant, shard] of Object.entries(homes)) await directory.assign(tenant, { shard });
  await put('us1', 'left behind');
});
afterAll(async () => {
  await table?.close();
  await fleet?.stop();
  for (const proxy of proxies) await proxy.stop();
});

const put = (shard: string, name: string) =>
  fleet.rows(shard, "INSERT INTO account VALUES (?, 't_1', ?, NULL, 1, NULL)", [ID, name]);
const purge = () => fleet.rows('us1', 'DELETE FROM account WHERE id = ?', [ID]);

/** Moves t_1 as another process would, which may be killed before a step. */
async function move(killedBefore?: SwitchStep): Promise<void> {
  const tenantSwitch = new TenantSwitch({
    directory: openDirectory(),
    shardTenants: table,
    beforeStep: (step) => {
      if (step === killedBefore) throw new TypeError('killed');
    },
  });
  const { epoch } = await tenantSwitch.freezeTenant(MOVE);
  await put('us2', 'current');
  const switching = tenantSwitch.switchTenant({ ...MOVE, epoch });
  await (killedBefore === undefined ? switching : expect(switching).rejects.toThrow('killed'));
}

const byTenant: RecordReference = {
  model: 'Account',
  id: [ID],
  shard: 'us1',
  tenant: 't_1',
  epoch: 1,
};
const byShard: RecordReference = { model: 'Account', id: [ID], shard: 'us1' };

async function locate(reference: RecordReference, by = directory): Promise<unknown> {
  const outcome = await new RecordFinder(fleet.dataSource, by).locate(reference);
  return outcome.outcome === 'found' ? (outcome.record as Account).name : outcome.outcome;
}

/** The proxy before the server of a shard. */
const proxyOf = (shard: string) => {
  const { port } = fleet.topology.shard(shard).server.writer;
  return proxies.find((proxy) => proxy.port === port)!;
};

describe('an ID with a tenant that was made before a move', () => {
  it('is found on the new shard while the old rows are still there, and once they are purged', async () => {
    await move();
    expect(await locate(byTenant, openDirectory())).toBe('current');
    await purge();
    expect(await locate(byTenant, openDirectory())).toBe('current');
  });

  it('is not gone where the directory’s cache has not heard of the move and the rows are purged', async () => {
    expect(await locate(byTenant)).toBe('left behind');
    await move();
    await purge();
    expect(await locate(byTenant)).toBe('current');
    expect(await locate({ ...byTenant, id: ['99999'] })).toBe('gone');
  });

  it('is unavailable, with the stale route as the reason, inside a lock on the old place', async () => {
    await locate(byTenant);
    await move();
    await purge();
    const place = { shard: 'us1', tenant: 't_1', epoch: 1 };
    const finder = new RecordFinder(fleet.dataSource, directory);
    const inside = await fleet.context.onPlacement(place, () => finder.locate(byTenant), {
      lock: true,
    });
    expect(inside).toMatchObject({ outcome: 'unavailable', cause: { code: 'STALE_ROUTE' } });
  });
});

describe('an ID with a shard and no tenant', () => {
  it('is never answered with the row left behind, however old the directory’s cache is', async () => {
    await locate(byTenant);
    await move();
    expect(await locate(byShard)).toBe('current');
  });

  it.each<SwitchStep>(['switch:target', 'switch:source'])(
    'nor where the mover was killed before %s and the source is still frozen',
    async (step) => {
      await locate(byTenant);
      await move(step);
      expect(await locate(byShard)).toBe('current');
      expect(await locate({ ...byShard, shard: 'us2' })).toBe('current');
    },
  );

  it('is unavailable while its tenant is frozen and no one knows where it will be', async () => {
    await move('switch:directory');
    expect(await locate(byShard)).toBe('unavailable');
  });
});

describe('a shard that does not answer', () => {
  it('makes its records unavailable, and no others', async () => {
    proxyOf('us2').cut();
    const finder = new RecordFinder(fleet.dataSource, directory);
    const outcomes = await finder
      .locateMany([
        { model: 'Account', id: ['1'], shard: 'us2', tenant: 't_3', epoch: 1 },
        { model: 'Account', id: ['1'], shard: 'us2' },
        byTenant,
      ])
      .finally(() => proxyOf('us2').heal());
    expect(outcomes.map(({ outcome }: LocatedRecord) => outcome)).toEqual([
      'unavailable',
      'unavailable',
      'found',
    ]);
  });

  it('makes a purged record unavailable, not gone, where a tenant moved to that shard', async () => {
    await move();
    await purge();
    proxyOf('us2').cut();
    const outcome = await locate(byShard).finally(() => proxyOf('us2').heal());
    expect(outcome).toBe('unavailable');
    await expect.poll(() => locate(byShard), { timeout: 10_000 }).toBe('current');
  });
});
