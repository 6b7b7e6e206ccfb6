import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareShard, Sharded, ShardedDataSource } from '@switchyard/models';
import { defineTopology, LockFile, ShardContext } from '@switchyard/shard-context';
import { Kysely, MysqlDialect } from 'kysely';
import { createPool, type Pool } from 'mysql2';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import {
  connectTo,
  freshDatabase,
  startServers,
  type MysqlServer,
} from '../test/support/servers/index.ts';

/** Ten columns, as an account of a service has them. */
@Entity()
@Sharded({ tenant: 'tenantId', ids: 'interleaved' })
export class Account {
  @PrimaryGeneratedColumn({ type: 'bigint' }) id!: string;
  @Column({ type: 'varchar', length: 64 }) tenantId!: string;
  @Column({ type: 'varchar', length: 120 }) email!: string;
  @Column({ type: 'varchar', length: 80 }) name!: string;
  @Column({ type: 'tinyint' }) status!: number;
  @Column({ type: 'varchar', length: 16 }) kind!: string;
  @Column({ type: 'int' }) score!: number;
  @Column({ type: 'decimal', precision: 12, scale: 2 }) balance!: string;
  @Column({ type: 'datetime', precision: 3 }) createdAt!: Date;
  @Column({ type: 'datetime', precision: 3 }) updatedAt!: Date;
}

/** Rows, spread evenly over the tenants; connections and calls at once. */
export const ROWS = 10_000;
export const TENANTS = 500;
export const AT_ONCE = 16;

/** What a driver or a query builder needs to read the same rows. */
export interface Peers {
  readonly plain: DataSource;
  readonly pool: Pool;
  readonly kysely: Kysely<{ account: Record<keyof Account, unknown> }>;
}

/** The sharded data source and its peers, on one server, with equal rows and pools. */
export interface FastFleet extends Peers {
  readonly sharded: ShardedDataSource;
  readonly context: ShardContext;
  stop(): Promise<void>;
}

/** The tenant of a row. */
export function tenantOf(id: number): string {
  return `t${id % TENANTS}`;
}

/** Starts it. */
export async function startFastFleet(): Promise<FastFleet> {
  const servers = await startServers({ mysql: 1 });
  const [server] = servers.mysql as [MysqlServer];
  const [own, peer] = [await freshDatabase(server, 'us1'), await freshDatabase(server, 'plain')];
  const { sharded, folder } = await shardedOver(server, own.name);
  const peers = await peersOver(server, peer.name);
  const context = new ShardContext(sharded.topology);
  await context.onShard('us1', () => sharded.synchronize());
  await fill(server, [own.name, peer.name]);
  const stop = async () => {
    await sharded.destroy();
    await peers.plain.destroy();
    await peers.kysely.destroy();
    peers.pool.end();
    await servers.stop();
    await rm(folder, { recursive: true });
  };
  return { sharded, context, ...peers, stop };
}

async function shardedOver(server: MysqlServer, database: string) {
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-bench-'));
  const { host, port, user, password, engine } = server;
  const topology = defineTopology({
    fleet: 'bench',
    regions: ['us'],
    servers: [
      {
        name: 'bench',
        region: 'us',
        engine,
        writer: { host, port },
        maxConnections: AT_ONCE,
        credentials: () => ({ user, password }),
      },
    ],
    shards: [{ name: 'us1', ordinal: 1, server: 'bench', database }],
  });
  const lockFile = new LockFile(join(folder, 'switchyard.lock.json'), 'bench');
  await prepareShard({ topology, shard: 'us1', lockFile });
  const pool = { maxPreparedStatements: 64 };
  const sharded = new ShardedDataSource({ topology, lockFile, entities: [Account], pool });
  return { sharded: await sharded.initialize(), folder };
}

async function peersOver(server: MysqlServer, database: string): Promise<Peers> {
  const { host, port, user, password, engine: type } = server;
  const plain = new DataSource({
    type,
    ...{ host, port, username: user, password, database },
    poolSize: AT_ONCE,
    entities: [Account],
    synchronize: true,
    extra: { maxPreparedStatements: 64, trace: false },
  });
  await plain.initialize();
  const numbers = { supportBigNumbers: true, bigNumberStrings: true };
  const connection = { host, port, user, password, database, ...numbers, connectionLimit: AT_ONCE };
  const dialect = new MysqlDialect({ pool: createPool(connection) });
  return { plain, pool: createPool(connection), kysely: new Kysely({ dialect }) };
}

async function fill(server: MysqlServer, databases: readonly string[]): Promise<void> {
  const admin = await connectTo(server);
  await admin.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
  const tenants = Array.from({ length: TENANTS }, (_, i) => [`t${i}`, 'active', 1]);
  await admin.query(
    `INSERT INTO \`${databases[0]}\`.shard_tenant (tenant, state, epoch) VALUES ?`,
    [tenants],
  );
  const at = new Date('2026-01-01T00:00:00.123Z');
  const rows = Array.from({ length: ROWS }, (_, i) => [
    ...[i + 1, tenantOf(i + 1), `user${i}@example.com`, `User ${i}`, i % 3, 'person', i],
    ...[`${i}.50`, at, at],
  ]);
  for (const database of databases) {
    await admin.query(`INSERT INTO \`${database}\`.account VALUES ?`, [rows]);
  }
  await admin.end();
}
