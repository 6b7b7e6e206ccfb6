import type { DirectoryOptions, DirectoryStore, RouterOptions } from '@switchyard/directory';
import type { MySqlStoreOptions, MySqlStoreServer } from '@switchyard/directory/mysql';
import type { JobSigning } from '@switchyard/jobs';
import type { MigrationSources, PlanPolicy, RolloutPolicy } from '@switchyard/migrator';
import type { ShardedDataSourceOptions } from '@switchyard/models';
import type {
  LockFile,
  ServerDefinition,
  ShardDefinition,
  TopologyDefinition,
} from '@switchyard/shard-context';

/** All that is said about one fleet, in one place. */
export interface FleetOptions extends Omit<TopologyDefinition, 'shards'> {
  /** Where this config lies: `import.meta.url`. Lock file and migrations stand beside it. */
  readonly config: string | URL;
  /** The shards, each on a server of the fleet or with a server of its own. */
  readonly shards: readonly FleetShard[];
  /** The application's entities. */
  readonly entities: NonNullable<ShardedDataSourceOptions['entities']>;
  /**
   * Migration classes, globs relative to the config, or the URL of a folder of migration files.
   * Default: the folder `migrations` beside the config, where there is one.
   */
  readonly migrations?: MigrationSources | string;
  /**
   * The lock file, which `prepare` writes and version control keeps: where it lies, or a `LockFile`.
   * Default: `switchyard.lock.json` beside the config.
   */
  readonly lockFile?: URL | string | LockFile;
  /** Where keys and placements are kept, and how keys are hashed. */
  readonly directory: FleetDirectory;
  /** TypeORM's own options that hold for all shards, limits of the pools, `scopeReads`. */
  readonly dataSource?: FleetDataSourceOptions;
  /** Bounds of the router: runs of stale work, waits for frozen tenants. */
  readonly router?: Omit<RouterOptions, 'directory' | 'context'>;
  /**
   * For adoption, while the fleet has exactly one shard: work without a context runs there, and each
   * call site is written once to this file, which `switchyard status` prints. Default: it is refused.
   */
  readonly contextMissing?: { readonly report: URL };
  /** The queues, where there are some. */
  readonly jobs?: FleetJobs;
  /** How migrations go over the fleet. */
  readonly rollout?: RolloutPolicy;
  /** What a plan may contain. */
  readonly plan?: PlanPolicy;
}

/**
 * A shard. `server` names one of the fleet's servers, or declares one for this shard alone, which is
 * then called as the shard is.
 */
export type FleetShard = Omit<ShardDefinition, 'server'> & {
  readonly server: string | Omit<ServerDefinition, 'name'>;
};

/** Options of the data source that are not the fleet's. */
export type FleetDataSourceOptions = Omit<
  ShardedDataSourceOptions,
  'topology' | 'lockFile' | 'entities' | 'contextMissing' | 'migrations'
>;

/** The directory: in MySQL where a `server` is given, else in the `store`. */
export type FleetDirectory = (DirectoryInMySql | DirectoryInStore) &
  Omit<DirectoryOptions, 'store' | 'topology' | 'shardTenants'>;

/** Keys and placements in tables of a MySQL or MariaDB server. */
export interface DirectoryInMySql extends Partial<
  Pick<MySqlStoreOptions, 'database' | 'maxConnections'>
> {
  /** Name of a server of the fleet, or a server of its own: `serverAt(process.env['CORE_URL'])`. */
  readonly server: string | MySqlStoreServer;
  readonly store?: undefined;
}

/** Keys and placements in another store: `new MongoStore({ url, database })`. */
export interface DirectoryInStore {
  readonly store: DirectoryStore;
  readonly server?: undefined;
}

/** Where the jobs wait, and how they are sent. */
export interface FleetJobs {
  /** Names of the BullMQ queues. `switchyard jobs check` looks at them. */
  readonly queues: readonly string[];
  /** ioredis options or a client of the Redis server; asked for at first use. */
  readonly connection: () => unknown;
  /** BullMQ's key prefix. Default `bull`. */
  readonly prefix?: string;
  /** Signs jobs when they are enqueued, and runs signed jobs only. Default: unsigned. */
  readonly signing?: JobSigning;
  /** What to do with a job whose record is gone: fail it for good, or end it. Default: fail. */
  readonly onGone?: 'fail' | 'discard';
  /** Milliseconds before a job that had to wait is tried again; doubles up to 64 times. Default 500. */
  readonly retryAfterMs?: number;
}
