import { copyTable } from '@switchyard/copier';
import { ShardedDataSource, ShardTenantTable } from '@switchyard/models';
import { defineTopology, ShardContext, type Topology } from '@switchyard/shard-context';
import { createConnection } from 'mysql2/promise';
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { Account, Currency } from '../fence/account.ts';
import { mysqlStoreAt } from '../directory/stores.ts';
import type { Fleet } from '../support/fleet/index.ts';
import { freshDatabase, type MysqlServer } from '../support/servers/index.ts';

/** Names that were used: each run takes new ones. */
let names = 0;

/** Who logs in. */
export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The fleet's topology with another account on its servers. */
export function topologyAs(fleet: Fleet, login: Login): Topology {
  return defineTopology({
    fleet: 'test',
    regions: ['us', 'eu'],
    servers: fleet.servers.map((server) => ({ ...server, credentials: () => login })),
    shards: fleet.shards,
  });
}

const PLACES = [
  ['us1', 't_1'],
  ['us2', 't_1'],
] as const;

/** Reads and writes rows of a tenant on both shards, in every form that the fence has. */
export async function serve(fleet: Fleet, login: Login): Promise<void> {
  const topology = topologyAs(fleet, login);
  const { lockFile } = fleet;
  const context = new ShardContext(topology);
  const dataSource = new ShardedDataSource({ topology, lockFile, entities: [Account, Currency] });
  await dataSource.initialize();
  try {
    for (const [shard, tenant] of PLACES) {
      await context.onPlacement({ shard, tenant, epoch: 1 }, () => writeRows(dataSource));
    }
  } finally {
    await dataSource.destroy();
  }
}

async function writeRows(dataSource: ShardedDataSource): Promise<void> {
  const email = `granted_${++names}@t_1`;
  const accounts = dataSource.getRepository(Account);
  const { id } = await accounts.save({ email });
  await accounts.update({ id }, { balance: 3 });
  await dataSource.transaction(async (manager) => {
    const found = await manager.findOneByOrFail(Account, { id });
    expect(found.balance).toBe(3);
    await manager.remove(found);
  });
}

/** Takes a tenant through every step that an operator's tools have. */
export async function operate(fleet: Fleet, login: Login): Promise<void> {
  const tenant = `granted_${++names}`;
  const mover = `m_${tenant}`;
  const topology = topologyAs(fleet, login);
  const table = new ShardTenantTable({ topology, lockFile: fleet.lockFile });
  try {
    await table.admit('us1', tenant, 1);
    expect(await table.find(tenant)).toHaveLength(1);
    expect((await table.list('us1')).length).toBeGreaterThan(0);
    await table.expect({ shard: 'us2', tenant, epoch: 1, mover });
    const freeze = { shard: 'us1', tenant, fromEpoch: 1, toEpoch: 2, mover, movingTo: 'us2' };
    await table.freeze(freeze);
    await table.seal({ shard: 'us1', tenant, epoch: 2, mover });
    await table.activate({ shard: 'us2', tenant, fromEpoch: 1, toEpoch: 3 });
    await table.retire({ shard: 'us1', tenant, fromEpoch: 2, toEpoch: 3, movedTo: 'us2' });
  } finally {
    await table.close();
  }
}

/** Does all that a directory does in its MySQL store. */
export async function keep(server: MysqlServer, database: string, login: Login): Promise<void> {
  const store = mysqlStoreAt({ ...server, ...login }, database);
  const tenant = `granted_${++names}`;
  const digest = randomBytes(16).toString('hex');
  const placement = { tenant, shard: 'us1', epoch: 1, state: 'active' as const };
  try {
    await store.insertPlacement(placement);
    await store.replacePlacement(1, { ...placement, shard: 'us2', epoch: 2 });
    await store.insertKey({ digest, hashId: 'one', kind: 'api-key', tenant, revoked: false });
    expect(await store.findKeys([digest], { from: 'primary' })).toHaveLength(1);
    await store.revokeKey(digest);
    await store.removeKey(digest);
  } finally {
    await store.close();
  }
}

/** Widens a column of a table of its own by a shadow copy. */
export async function copy(server: MysqlServer, database: string, login: Login): Promise<void> {
  const { host, port } = server;
  await copyTable({
    connect: () => createConnection({ host, port, database, ...login }),
    table: 'orders',
    alter: ['MODIFY pad VARCHAR(200) NOT NULL', 'ADD KEY (v)'],
  });
}

/** A database with the table that {@link copy} changes. */
export async function databaseWithOrders(server: MysqlServer) {
  const database = await freshDatabase(server, 'granted_copy');
  const connection = await createConnection(database.url);
  await connection.query(
    'CREATE TABLE orders (id INT PRIMARY KEY, v INT, pad VARCHAR(100) NOT NULL)',
  );
  await connection.query("INSERT INTO orders VALUES (1, 1, 'a'), (2, 2, 'b')");
  await connection.end();
  return database;
}
