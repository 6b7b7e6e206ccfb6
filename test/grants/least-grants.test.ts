import { ShardTenantTable } from '@switchyard/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MySqlStore } from '@switchyard/directory/mysql';
import { mysqlStoreAt } from '../directory/stores.ts';
import { Account, Currency } from '../fence/account.ts';
import { MigratedFleet } from '../migrator/migrated-fleet.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import {
  chosenEngine,
  connectTo,
  freshDatabase,
  mysqlServers,
  type FreshDatabase,
  type MysqlServer,
} from '../support/servers/index.ts';
import { withAccount, type Databases } from './granted-account.ts';
import {
  copy,
  databaseWithOrders,
  keep,
  operate,
  serve,
  topologyAs,
  type Login,
} from './granted-parts.ts';
import { eachWithoutOne, grantsOf, type Grant, type Part } from './page-of-grants.ts';

const engine = chosenEngine();
const needed = (part: Part): Grant[] => grantsOf(part, engine).filter(({ optional }) => !optional);

let servers: readonly MysqlServer[];
let fleet: Fleet;
let shops: Databases[];
beforeAll(async () => {
  servers = await mysqlServers(2);
  fleet = await startFleet({
    entities: [Account, Currency],
    tenants: { us1: ['t_1'], us2: ['t_1'] },
  });
  shops = fleet.shards.map(({ database }) => ({ shop: database }));
});
afterAll(() => fleet?.stop());

/** What a part came to without a grant: the code, or the server's own refusal; undefined: well. */
async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  const error = await work.then(
    () => undefined,
    (failure: unknown) => failure as Error & { code?: string; driverError?: { errno?: number } },
  );
  if (error === undefined) return undefined;
  return `${error.code}: ${error.message}`;
}
const CLEAR =
  /^(GRANT_MISSING|SHARD_ACCESS_DENIED|CHANGE_SOURCE_UNUSABLE|ER_(TABLE|COLUMN)ACCESS_DENIED_ERROR)\b/;

const asShard = (grants: readonly Grant[], use: (login: Login) => Promise<unknown>) =>
  withAccount(servers, grants, shops, use);

describe('a service or worker', () => {
  const grants = needed('service');

  it('reads and writes its tenant’s rows with the grants of the page', () =>
    asShard(grants, (login) => serve(fleet, login)));

  it.each(eachWithoutOne(grants))('is refused clearly without $name', async (less) => {
    const refusal = await asShard(less.grants, (login) => refusalOf(serve(fleet, login)));
    expect(refusal).toMatch(CLEAR);
  });

  it('cannot change shard_tenant: not by its own tools, and not by plain SQL', async () => {
    await asShard(grants, async (login) => {
      const table = new ShardTenantTable({
        topology: topologyAs(fleet, login),
        lockFile: fleet.lockFile,
      });
      expect(await table.read('us1', 't_1')).toMatchObject({ state: 'active', epoch: 1 });
      const change = table.thaw({ shard: 'us1', tenant: 't_1', fromEpoch: 1, toEpoch: 2 });
      await expect(change).rejects.toMatchObject({ code: 'GRANT_MISSING', shard: 'us1' });
      await table.close();
      const plain = await connectTo({ ...servers[0]!, ...login }, fleet.shards[0]!.database);
      await expect(plain.query('UPDATE shard_tenant SET epoch = 9')).rejects.toThrow(/denied/);
      await plain.end();
    });
    const rows = await fleet.rows(
      'us1',
      "SELECT state, epoch FROM shard_tenant WHERE tenant = 't_1'",
    );
    expect(rows).toEqual([{ state: 'active', epoch: 1 }]);
  });
});

describe('an operator', () => {
  const grants = needed('operator');

  it('takes a tenant through every step with the grants of the page', () =>
    asShard(grants, (login) => operate(fleet, login)));

  it.each(eachWithoutOne(grants))('is refused clearly without $name', async (less) => {
    const refusal = await asShard(less.grants, (login) => refusalOf(operate(fleet, login)));
    expect(refusal).toMatch(CLEAR);
  });

  /** Who is named by a freeze that gives up while a transaction of 2.5 s holds the row. */
  async function holdersNamed(login: Login): Promise<number[]> {
    const plain = await connectTo(servers[0]!, fleet.shards[0]!.database);
    const table = new ShardTenantTable({
      topology: topologyAs(fleet, login),
      lockFile: fleet.lockFile,
    });
    try {
      await plain.query('START TRANSACTION');
      await plain.query("SELECT 1 FROM shard_tenant WHERE tenant = 't_1' LOCK IN SHARE MODE");
      const error: unknown = await table
        .freeze(
          { shard: 'us1', tenant: 't_1', fromEpoch: 1, toEpoch: 2, mover: 'm', movingTo: 'us2' },
          { deadlineMs: 1_500 },
        )
        .catch((failure: unknown) => failure);
      expect(error).toMatchObject({ code: 'TENANT_BUSY' });
      const { holders } = error as { holders: readonly { thread: number }[] };
      return holders.map(({ thread }) => (thread === plain.threadId ? 1 : 0));
    } finally {
      plain.destroy();
      await table.close();
    }
  }

  it('sees who holds a tenant with the optional grants, and freezes by time alone without', async () => {
    expect(await asShard(grantsOf('operator', engine), holdersNamed)).toEqual([1]);
    expect(await asShard(grants, holdersNamed)).toEqual([]);
  });
});

describe('a directory', () => {
  let database: FreshDatabase;
  const asDirectory = <T>(part: readonly Grant[], use: (login: Login) => Promise<T>): Promise<T> =>
    withAccount([servers[0]!], part, [{ shop_directory: database.name }], use);
  const storeAs = (login: Login): MySqlStore =>
    mysqlStoreAt({ ...servers[0]!, ...login }, database.name);

  beforeAll(async () => {
    database = await freshDatabase(servers[0]!, 'granted_directory');
    await asDirectory(needed('directory-maker'), async (login) => {
      const store = storeAs(login);
      await store.prepare();
      await store.close();
    });
  });
  afterAll(() => database?.drop());

  it('keeps keys and placements with the grants of the page', () =>
    asDirectory(needed('directory'), (login) => keep(servers[0]!, database.name, login)));

  it.each(eachWithoutOne(needed('directory')))('is refused clearly without $name', async (less) => {
    const refusal = await asDirectory(less.grants, (login) =>
      refusalOf(keep(servers[0]!, database.name, login)),
    );
    expect(refusal).toMatch(CLEAR);
  });

  it('cannot be prepared by the account of the services', async () => {
    const empty = await freshDatabase(servers[0]!, 'granted_empty');
    const grants = needed('directory').slice(0, 1);
    const refusal = await withAccount(
      [servers[0]!],
      grants.map((grant) => ({ ...grant, on: grant.on, privileges: ['SELECT'] })),
      [{ shop_directory: database.name }],
      async (login) => {
        const store = storeAs(login);
        const refused = await refusalOf(store.prepare());
        await store.close();
        return refused;
      },
    );
    await empty.drop();
    expect(refusal).toMatch(/^GRANT_MISSING/);
  });
});

describe('a copier', () => {
  const grants = needed('copier');
  const copied = async (some: readonly Grant[]): Promise<string | undefined> => {
    const database = await databaseWithOrders(servers[0]!);
    try {
      return await withAccount([servers[0]!], some, [{ shop: database.name }], (login) =>
        refusalOf(copy(servers[0]!, database.name, login)),
      );
    } finally {
      await database.drop();
    }
  };

  it('copies and swaps a table with the grants of the page', async () => {
    expect(await copied(grants)).toBeUndefined();
  });

  it.each(eachWithoutOne(grants))('is refused clearly without $name', async (less) => {
    expect(await copied(less.grants)).toMatch(CLEAR);
  });
});

describe('a migrator', () => {
  const grants = needed('migrator');

  /** Prepares two shards and migrates them; what the command line printed where it failed. */
  async function migrated(some: readonly Grant[]): Promise<string | undefined> {
    const house = await MigratedFleet.start({ shards: ['us1', 'us2'] });
    const databases = house.shards.map((shard) => ({ shop: house.databaseOf(shard).name }));
    try {
      await house.migration('Orders', 1700000000001, [
        'CREATE TABLE parent (id INT PRIMARY KEY)',
        'CREATE TABLE orders (id INT PRIMARY KEY, parent INT, old INT, gone INT)',
        'ALTER TABLE orders ADD CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parent (id)',
      ]);
      await house.migration('Change', 1700000000002, [
        'CREATE INDEX by_old ON orders (old)',
        'ALTER TABLE orders ADD COLUMN added INT NULL',
        'INSERT INTO parent (id) VALUES (1)',
        'DELETE FROM parent WHERE id = 2',
        'CREATE TABLE short_lived (id INT PRIMARY KEY)',
      ]);
      await house.migration('Drop', 1700000000003, ['DROP TABLE short_lived']);
      return await withAccount(servers, some, databases, async (login) => {
        for (const shard of house.shards) house.redeclareServer(shard, login);
        for (const args of [['prepare'], ['migrate']]) {
          const { code, out, err } = await house.run(args);
          if (code !== 0) return `${out}${err}`;
        }
        return undefined;
      });
    } finally {
      await house.stop();
    }
  }

  it('prepares shards and migrates them with the grants of the page', async () => {
    expect(await migrated(grants)).toBeUndefined();
  });

  it.each(eachWithoutOne(grants))('is refused clearly without $name', async (less) => {
    expect(await migrated(less.grants)).toMatch(/denied|lacks|SCRATCH_REFUSED/);
  });
});
