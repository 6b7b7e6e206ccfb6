import type { LockFile, Topology } from '@switchyard/shard-context';
import type { PoolOptions } from '@switchyard/mysql/internal';
import type { DataSourceOptions } from 'typeorm';
import type { MysqlDataSourceOptions } from 'typeorm/driver/mysql/MysqlDataSourceOptions.js';
import { EnginesMixedError, OptionRefusedError } from './data-source-errors.ts';

/** Limits of the pools; those of the server's cap stand in the topology. */
export type DataSourcePoolOptions = Omit<PoolOptions, 'driverOptions'>;

/** TypeORM's MySQL options that do not differ between shards. */
export type SharedOptions = Omit<
  MysqlDataSourceOptions,
  | 'type'
  | 'host'
  | 'port'
  | 'username'
  | 'password'
  | 'database'
  | 'url'
  | 'socketPath'
  | 'replication'
  | 'driver'
  | 'poolSize'
  | 'acquireTimeout'
  | 'connectTimeout'
  | 'dropSchema'
  | 'migrationsRun'
  | 'synchronize'
>;

/** What a `ShardedDataSource` is made of. */
export interface ShardedDataSourceOptions extends SharedOptions {
  readonly topology: Topology;
  /** `switchyard.lock.json`: which database each shard's name stands for. */
  readonly lockFile: LockFile;
  readonly pool?: DataSourcePoolOptions;
  /**
   * What happens to sharded work without a context. Default `refuse`. `report`, for adoption: runs
   * on the only shard, neither fenced nor stamped, and reports each call site once;
   * `ContextMissingFile` keeps them for `switchyard status`.
   */
  readonly contextMissing?: 'refuse' | 'report';
  /**
   * Reads of every entity with a tenant key see only rows of the context's tenant. Default false:
   * writes are checked anyway. `scopeReads` of an entity's own declaration overrides it, both ways.
   */
  readonly scopeReads?: boolean;
  /**
   * False sends every read the way that TypeORM goes, which makes its statement anew at each call.
   * Default true: reads that TypeORM would answer in the same way are compiled once.
   */
  readonly fastPath?: boolean;
  /** Only `false`: schema changes act on the shard of a context, never on all at start-up. */
  readonly synchronize?: false;
  /** Only `false`: the migrator runs migrations. */
  readonly migrationsRun?: false;
  /** Only `false`. */
  readonly dropSchema?: false;
}

/** Given to TypeORM where no shard is known; a statement that names it fails on every server. */
export const NO_DATABASE = 'switchyard_outside_every_shard_context';

const PER_SHARD = 'it differs between shards, and the topology says it';
const IN_TOPOLOGY = 'Declare it in the topology: servers and shards';
const AT_START = 'it would act on every shard at start-up';

/** Options that are refused, whatever their value: why, and what to do. */
const REFUSED: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  host: [PER_SHARD, IN_TOPOLOGY],
  port: [PER_SHARD, IN_TOPOLOGY],
  username: [PER_SHARD, 'Declare it in the topology: credentials() of a server'],
  password: [PER_SHARD, 'Declare it in the topology: credentials() of a server'],
  database: [PER_SHARD, IN_TOPOLOGY],
  url: [PER_SHARD, IN_TOPOLOGY],
  socketPath: [PER_SHARD, IN_TOPOLOGY],
  ssl: [PER_SHARD, 'Declare `tls` of a server in the topology'],
  replication: [PER_SHARD, 'Declare `readers` of a server in the topology'],
  driver: ['the sharded data source opens its own connections with mysql2', 'Leave it out'],
  poolSize: ['the shards of a server share one cap', 'Declare `maxConnections` of the server'],
  acquireTimeout: ['the pool is Switchyard’s', 'Use pool: { acquireTimeoutMs }'],
  connectTimeout: ['the pool is Switchyard’s', 'Use pool: { connectTimeoutMs }'],
  multipleStatements: ['one text of several statements cannot be fenced', 'Send them one by one'],
};

/** Options that are refused when true. */
const REFUSED_WHEN_TRUE: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  synchronize: [AT_START, 'Use `switchyard migrate`, or synchronize() inside a shard’s context'],
  migrationsRun: [AT_START, 'Use `switchyard migrate`'],
  dropSchema: [AT_START, 'Use dropDatabase() inside a shard’s context'],
};

/** Parts of `extra` that name a database or a user. */
const REFUSED_EXTRA = ['host', 'port', 'user', 'password', 'database', 'uri', 'socketPath', 'ssl'];

/** Parts of `extra` that size mysql2's pool, which is not used: taken, they would do nothing. */
const REFUSED_OF_POOL = [
  ...['connectionLimit', 'queueLimit', 'waitForConnections', 'maxIdle', 'idleTimeout'],
  'connectTimeout',
];

/** @throws OptionRefusedError naming the first option that cannot hold for several shards */
export function refuseOptions(options: object): void {
  const given = options as Record<string, unknown>;
  for (const [option, [reason, remedy]] of Object.entries(REFUSED)) {
    if (given[option] !== undefined) throw new OptionRefusedError(option, reason, remedy);
  }
  for (const [option, [reason, remedy]] of Object.entries(REFUSED_WHEN_TRUE)) {
    if (given[option] === true) throw new OptionRefusedError(option, reason, remedy);
  }
  const extra = (given['extra'] ?? {}) as Record<string, unknown>;
  const refused = [...REFUSED_EXTRA, 'multipleStatements'].find(
    (name) => extra[name] !== undefined,
  );
  if (refused !== undefined)
    throw new OptionRefusedError(`extra.${refused}`, PER_SHARD, IN_TOPOLOGY);
  const ofPool = REFUSED_OF_POOL.find((name) => extra[name] !== undefined);
  if (ofPool !== undefined) {
    const remedy = 'Declare `maxConnections` of the server, or use `pool` of the data source';
    throw new OptionRefusedError(`extra.${ofPool}`, 'the pool is Switchyard’s', remedy);
  }
  refuseFlags(extra['flags']);
}

/** mysql2 takes flags as a list or as a text, `-` before one that is not wanted. */
function refuseFlags(flags: unknown): void {
  const given = Array.isArray(flags) ? flags.map(String) : String(flags ?? '').split(/[\s,]+/);
  const refused = given.find((flag) => FLAGS_REFUSED.has(flag.toUpperCase().replace(/^\+/, '')));
  if (refused === undefined) return;
  const [reason, remedy] = REFUSED['multipleStatements'] as readonly [string, string];
  throw new OptionRefusedError('extra.flags', reason, remedy);
}

/** What `multipleStatements` sets, and what it does for prepared ones. */
const FLAGS_REFUSED = new Set(['MULTI_STATEMENTS']);

/** Options of which connections, metadata and the result cache are made when the source is. */
const AT_CONSTRUCTION = [
  ...['cache', 'extra', 'ssl', 'timezone', 'charset', 'dateStrings', 'supportBigNumbers'],
  ...['bigNumberStrings', 'legacySpatialSupport', 'type'],
];

/**
 * Refuses options that came too late: TypeORM would decode rows in one way and the connections in
 * another, or keep the results of all shards in one cache.
 * @throws OptionRefusedError naming the first
 */
export function refuseLateOptions(options: object): void {
  const late = AT_CONSTRUCTION.find((name) => name in options);
  if (late === undefined) return;
  const reason = 'the data source was made with another, and its connections with it';
  throw new OptionRefusedError(late, reason, 'Give it to the constructor');
}

/**
 * The options for TypeORM: ours taken out, its own passed on.
 * @throws OptionRefusedError, EnginesMixedError
 */
export function typeormOptions(options: ShardedDataSourceOptions): DataSourceOptions {
  refuseOptions(options);
  const { topology, lockFile, pool, contextMissing, scopeReads, ...shared } = options;
  void [lockFile, pool, contextMissing, scopeReads];
  const type = engineOf(topology, 'create a ShardedDataSource');
  return { ...shared, type, database: NO_DATABASE };
}

/** The engine that all servers share; MySQL while there is none. @throws EnginesMixedError */
export function engineOf(topology: Topology, attempted: string): 'mysql' | 'mariadb' {
  const engines = new Set(topology.servers.map(({ engine }) => engine));
  if (engines.size > 1) throw new EnginesMixedError(attempted);
  return [...engines][0] ?? 'mysql';
}

/** True where query results are cached in a table of the database, TypeORM's default kind. */
export function cachesInTable({ cache }: Pick<DataSourceOptions, 'cache'>): boolean {
  if (typeof cache !== 'object') return cache === true;
  return cache.provider === undefined && (cache.type ?? 'database') === 'database';
}
