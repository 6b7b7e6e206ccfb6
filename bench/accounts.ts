import 'reflect-metadata';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareShard, Sharded, ShardedDataSource } from '@switchyard/models';
import { defineTopology, LockFile, ShardContext } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import { Column, DataSource, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import {
  connectTo,
  freshDatabase,
  startServers,
  type MysqlServer,
} from '../test/support/servers/index.ts';

/** Rows of no one: what routing costs is measured on them, without tenant keys and fence. */
@Entity()
@Sharded({ tenant: 'none', ids: 'interleaved' })
export class Country {
  @PrimaryGeneratedColumn({ type: 'bigint' })
  id!: string;

  @Column({ type: 'varchar', length: 64 })
  name!: string;

  @Column({ type: 'varchar', length: 64 })
  capital!: string;

  @Column({ type: 'int' })
  population!: number;

  @Column({ type: 'datetime' })
  since!: Date;
}

/** Rows of tenants: for the fence. */
@Entity()
@Sharded({ tenant: 'tenantId' })
export class Balance {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  id!: string;

  @Column({ type: 'varchar', length: 64 })
  tenantId!: string;

  @Column({ type: 'int' })
  value!: number;
}

/** Rows that exist before the measurement. */
export const ROWS = 1_000;
/** The tenant that is admitted on us1 at epoch 1. */
export const TENANT = 't_1';
/** In flight, and connections of each pool. */
export const CONCURRENCY = 16;

/** A sharded data source of two shards and a plain one, on one server. */
export interface BenchFleet {
  readonly sharded: ShardedDataSource;
  readonly plain: DataSource;
  readonly context: ShardContext;
  /** Empties the tables that the rows of a benchmark fill. */
  trim(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts it. Both data sources have pools of the same size and the same driver options. */
export async function startBenchFleet(): Promise<BenchFleet> {
  const servers = await startServers({ mysql: 1 });
  const [server] = servers.mysql as [MysqlServer];
  const databases = await Promise.all(['us1', 'us2', 'plain'].map((n) => freshDatabase(server, n)));
  const [us1, us2, alone] = databases.map(({ name }) => name) as [string, string, string];
  const { sharded, folder } = await shardedOver(server, [us1, us2]);
  const plain = await plainOver(server, alone);
  const context = new ShardContext(sharded.topology);
  await context.onShard('us1', () => sharded.synchronize());
  const admin = await connectTo(server);
  await fill(admin, us1, alone);
  const trim = async () => {
    for (const database of [us1, alone]) {
      await admin.query(`DELETE FROM \`${database}\`.country WHERE id > ?`, [ROWS]);
      await admin.query(`DELETE FROM \`${database}\`.balance WHERE id NOT LIKE 'b%'`);
    }
  };
  const stop = async () => {
    await sharded.destroy();
    await plain.destroy();
    for (const database of databases) await database.drop();
    await admin.end();
    await servers.stop();
    await rm(folder, { recursive: true });
  };
  return { sharded, plain, context, trim, stop };
}

const ENTITIES = [Country, Balance];

async function shardedOver(server: MysqlServer, databases: readonly string[]) {
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
        maxConnections: CONCURRENCY,
        credentials: () => ({ user, password }),
      },
    ],
    shards: databases.map((database, i) => ({
      name: `us${i + 1}`,
      ordinal: i + 1,
      server: 'bench',
      database,
    })),
  });
  const lockFile = new LockFile(join(folder, 'switchyard.lock.json'), 'bench');
  for (const { name: shard } of topology.shards) await prepareShard({ topology, shard, lockFile });
  const sharded = new ShardedDataSource({ topology, lockFile, entities: ENTITIES });
  await sharded.initialize();
  return { sharded, folder };
}

function plainOver(server: MysqlServer, database: string): Promise<DataSource> {
  const { host, port, user: username, password, engine: type } = server;
  return new DataSource({
    type,
    ...{ host, port, username, password, database },
    poolSize: CONCURRENCY,
    entities: ENTITIES,
    synchronize: true,
    // What Switchyard sets as well, so that routing alone is measured.
    extra: { maxPreparedStatements: 16, trace: false },
  }).initialize();
}

async function fill(admin: Connection, us1: string, alone: string): Promise<void> {
  await admin.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2');
  await admin.query(
    `INSERT INTO \`${us1}\`.shard_tenant (tenant, state, epoch) VALUES (?, 'active', 1)`,
    [TENANT],
  );
  const countries = Array.from({ length: ROWS }, (_, i) => [i + 1, `c${i}`, 'x', i, new Date()]);
  const balances = Array.from({ length: ROWS }, (_, i) => [`b${i}`, TENANT, 0]);
  for (const database of [us1, alone]) {
    await admin.query(`INSERT INTO \`${database}\`.country VALUES ?`, [countries]);
    await admin.query(`INSERT INTO \`${database}\`.balance VALUES ?`, [balances]);
  }
}
