import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareShard, ShardedDataSource, type ShardedDataSourceOptions } from '@switchyard/models';
import {
  defineTopology,
  LockFile,
  ShardContext,
  type ServerDefinition,
  type ShardDefinition,
  type TenantNamesDefinition,
  type Topology,
} from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import {
  connectTo,
  freshDatabase,
  mysqlServers,
  type FreshDatabase,
  type MysqlServer,
  type TcpTarget,
} from '../servers/index.ts';

/** What of the data source a test may set; topology and lock file are the fleet's. */
export type DataSourcePart = Partial<Omit<ShardedDataSourceOptions, 'topology' | 'lockFile'>>;

/** Which fleet a test wants. */
export interface FleetOptions {
  /** Names of the shards, in the order of their ordinals. Default: us1, us2. `eu1` is in eu. */
  readonly shards?: readonly string[];
  readonly entities?: ShardedDataSourceOptions['entities'];
  /** Further options of the data source. */
  readonly dataSource?: DataSourcePart;
  /** Run on each shard, in order, after the tables of the entities were made. */
  readonly sql?: readonly string[];
  /** Tenants to admit at epoch 1: shard → tenants. */
  readonly tenants?: Readonly<Record<string, readonly string[]>>;
  /** The names that the fleet allows. Default: the topology's own default. */
  readonly tenantNames?: TenantNamesDefinition;
  /** How many server processes to spread the shards over. Default 2. */
  readonly servers?: number;
  /** Changes to each server's declaration, such as a smaller cap. */
  readonly server?: Partial<ServerDefinition>;
  /** Where the data source reaches a server: a proxy for faults. Default: the server itself. */
  readonly address?: (server: MysqlServer) => TcpTarget | Promise<TcpTarget>;
  /** False leaves the shards without identity, tables and tenants. Default true. */
  readonly prepared?: boolean;
}

/** Shards on real servers, each in a database of its own, with a data source over them. */
export interface Fleet {
  readonly topology: Topology;
  readonly context: ShardContext;
  readonly lockFile: LockFile;
  readonly dataSource: ShardedDataSource;
  /** A further, initialized data source over the same shards; ended with the fleet. */
  open(options?: DataSourcePart): Promise<ShardedDataSource>;
  /** A plain connection to the shard's database, for audits: no library in between. */
  plain(shard: string): Promise<Connection>;
  /** Rows of one statement on the shard's plain connection. */
  rows(shard: string, sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Makes a tenant active on a shard, by plain SQL. Default epoch 1. */
  admit(shard: string, tenant: string, epoch?: number): Promise<void>;
  /** Runs `fn` for a tenant on a shard, as the router would. Default epoch 1. */
  onTenant<T>(shard: string, tenant: string, fn: () => T, epoch?: number): T;
  /** Runs `fn` on a shard for no tenant. */
  onShard<T>(shard: string, fn: () => T): T;
  /** The definitions behind the topology, for tests that declare another one over the same servers. */
  readonly servers: readonly ServerDefinition[];
  readonly shards: readonly ShardDefinition[];
  stop(): Promise<void>;
}

const REGIONS = ['us', 'eu'];

/** Starts a fleet. Call `stop()` when done; the databases are removed. */
export async function startFleet(options: FleetOptions = {}): Promise<Fleet> {
  const names = options.shards ?? ['us1', 'us2'];
  const given = await mysqlServers(Math.min(options.servers ?? 2, names.length));
  const databases: FreshDatabase[] = [];
  for (const [i, name] of names.entries()) {
    databases.push(await freshDatabase(given[i % given.length]!, name));
  }
  const servers = (await Promise.all(given.map((server) => declared(server, options)))).flat();
  const shards = names.map((name, i) => ({
    name,
    ordinal: i + 1,
    server: `${databases[i]!.server.name}-${name.startsWith('eu') ? 'eu' : 'us'}`,
    database: databases[i]!.name,
  }));
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-fleet-'));
  const topology = defineTopology({
    fleet: 'test',
    regions: REGIONS,
    servers,
    shards,
    ...(options.tenantNames !== undefined && { tenantNames: options.tenantNames }),
  });
  const lockFile = new LockFile(join(folder, 'switchyard.lock.json'), 'test');
  const fleet = new RunningFleet(
    { topology, lockFile, servers, shards, databases, folder },
    options,
  );
  try {
    if (options.prepared !== false) await fleet.prepare();
  } catch (error) {
    await fleet.stop();
    throw error;
  }
  return fleet;
}

/** {@link startFleet} for the time of one function; it is stopped whatever that does. */
export async function withFleet<T>(
  options: FleetOptions,
  use: (fleet: Fleet) => Promise<T>,
): Promise<T> {
  const fleet = await startFleet(options);
  try {
    return await use(fleet);
  } finally {
    await fleet.stop();
  }
}

/** A server is declared once per region, so that shards of both can share its process. */
async function declared(server: MysqlServer, options: FleetOptions): Promise<ServerDefinition[]> {
  const { host, port } = (await options.address?.(server)) ?? server;
  return REGIONS.map((region) => ({
    name: `${server.name}-${region}`,
    region,
    engine: server.engine,
    writer: { host, port },
    credentials: () => ({ user: server.user, password: server.password }),
    ...options.server,
  }));
}

interface Parts {
  readonly topology: Topology;
  readonly lockFile: LockFile;
  readonly servers: readonly ServerDefinition[];
  readonly shards: readonly ShardDefinition[];
  readonly databases: readonly FreshDatabase[];
  readonly folder: string;
}

class RunningFleet implements Fleet {
  readonly topology: Topology;
  readonly context: ShardContext;
  readonly lockFile: LockFile;
  readonly dataSource: ShardedDataSource;
  readonly servers: readonly ServerDefinition[];
  readonly shards: readonly ShardDefinition[];
  readonly #options: FleetOptions;
  readonly #parts: Parts;
  readonly #opened: ShardedDataSource[] = [];
  readonly #plain = new Map<string, Promise<Connection>>();

  constructor(parts: Parts, options: FleetOptions) {
    this.#parts = parts;
    this.#options = options;
    this.topology = parts.topology;
    this.context = new ShardContext(parts.topology);
    this.lockFile = parts.lockFile;
    this.servers = parts.servers;
    this.shards = parts.shards;
    this.dataSource = this.#dataSource();
  }

  async prepare(): Promise<void> {
    for (const { name } of this.shards) {
      await prepareShard({ topology: this.topology, shard: name, lockFile: this.lockFile });
    }
    await this.dataSource.initialize();
    for (const { name } of this.shards) {
      await this.onShard(name, () => this.dataSource.synchronize());
      for (const sql of this.#options.sql ?? []) await this.rows(name, sql);
    }
    for (const [shard, tenants] of Object.entries(this.#options.tenants ?? {})) {
      for (const tenant of tenants) await this.admit(shard, tenant);
    }
  }

  async open(options?: DataSourcePart): Promise<ShardedDataSource> {
    const dataSource = this.#dataSource(options);
    await dataSource.initialize();
    this.#opened.push(dataSource);
    return dataSource;
  }

  plain(shard: string): Promise<Connection> {
    let connection = this.#plain.get(shard);
    if (connection === undefined) {
      const index = this.shards.findIndex(({ name }) => name === shard);
      const { server, name } = this.#parts.databases[index]!;
      connection = connectTo(server, name);
      this.#plain.set(shard, connection);
    }
    return connection;
  }

  async rows(shard: string, sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> {
    const [rows] = await (await this.plain(shard)).query(sql, values);
    return rows as Record<string, unknown>[];
  }

  async admit(shard: string, tenant: string, epoch = 1): Promise<void> {
    await this.rows(
      shard,
      "INSERT INTO shard_tenant (tenant, stripe, state, epoch) VALUES (?, 0, 'active', ?)",
      [tenant, epoch],
    );
  }

  onTenant<T>(shard: string, tenant: string, fn: () => T, epoch = 1): T {
    return this.context.onPlacement({ shard, tenant, epoch }, fn);
  }

  onShard<T>(shard: string, fn: () => T): T {
    return this.context.onShard(shard, fn);
  }

  async stop(): Promise<void> {
    for (const dataSource of [this.dataSource, ...this.#opened]) {
      if (dataSource.isInitialized) await dataSource.destroy();
    }
    for (const connection of this.#plain.values()) (await connection).destroy();
    for (const database of this.#parts.databases) await database.drop();
    await rm(this.#parts.folder, { recursive: true, force: true });
  }

  #dataSource(options?: DataSourcePart): ShardedDataSource {
    return new ShardedDataSource({
      topology: this.topology,
      lockFile: this.lockFile,
      ...(this.#options.entities !== undefined && { entities: this.#options.entities }),
      ...this.#options.dataSource,
      ...options,
    });
  }
}
