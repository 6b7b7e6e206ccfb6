import { Directory, Router } from '@switchyard/directory';
import { MySqlStore } from '@switchyard/directory/mysql';
import type { MigrationSources, RolloutReport } from '@switchyard/migrator';
import {
  ContextMissingFile,
  RecordFinder,
  ShardedDataSource,
  ShardTenantTable,
} from '@switchyard/models';
import {
  defineTopology,
  ShardContext,
  type LockFile,
  type Locator,
  type Topology,
} from '@switchyard/shard-context';
import { Closing, type Closable, type Kind } from './closing.ts';
import { FleetOptionsInvalidError, FleetUsedError } from './fleet-errors.ts';
import type { FleetDirectory, FleetOptions } from './fleet-options.ts';
import { lockFileOf, migrationsOf, optionProblems, topologyOf } from './read-options.ts';
import type { MigrateOptions, PrepareOptions } from './schema-changes.ts';

const DIRECTORY_DATABASE = 'switchyard_directory';
/** Known by a mark, not by its class: the command line may have loaded another copy. */
const MARK = Symbol.for('switchyard.fleet.v1');

/**
 * One fleet, put together: everything that service, worker, command line and tests use. It is made
 * by `defineFleet`, opens nothing until `start`, and closes all that was opened by `close` or at the
 * end of `await using`.
 */
export class SwitchyardFleet implements AsyncDisposable {
  /** As it was defined. */
  readonly options: FleetOptions;
  readonly topology: Topology;
  readonly lockFile: LockFile;
  /** The way into a shard's context by name: for operators' tools and reference data. */
  readonly context: ShardContext;
  /** The TypeORM data source over all shards. */
  readonly dataSource: ShardedDataSource;
  /** Each tenant's record on its shard, which the fence reads. */
  readonly shardTenants: ShardTenantTable;
  /** Which tenant a key names, and where each tenant lives. */
  readonly directory: Directory;
  /** Runs work where a key's tenant, or a tenant, lives. */
  readonly router: Router;
  /** Finds records by their references. */
  readonly records: RecordFinder;
  readonly #closing: Closing;
  #started: Promise<void> | undefined;
  #endReports: (() => void) | undefined;

  /** Opens nothing. @throws TopologyInvalidError, FleetOptionsInvalidError, OptionRefusedError */
  constructor(options: FleetOptions) {
    this.topology = defineTopology(topologyOf(options));
    const problems = optionProblems(options);
    if (problems.length > 0) throw new FleetOptionsInvalidError(problems);
    this.options = options;
    const { fleet, entities } = options;
    this.lockFile = lockFileOf(options);
    const at = { topology: this.topology, lockFile: this.lockFile };
    this.context = new ShardContext(this.topology);
    const contextMissing = options.contextMissing === undefined ? 'refuse' : 'report';
    this.dataSource = new ShardedDataSource({
      ...options.dataSource,
      ...at,
      entities,
      contextMissing,
    });
    this.shardTenants = new ShardTenantTable(at);
    this.directory = directoryOf(options.directory, this);
    this.router = new Router({
      ...options.router,
      directory: this.directory,
      context: this.context,
    });
    this.records = new RecordFinder(this.dataSource, this.directory);
    Object.defineProperty(this, MARK, { value: true });
    this.#closing = new Closing(fleet);
    this.#closing.add('data source', { close: () => this.#endDataSource() });
    this.#closing.add('directory', this.directory);
    this.#closing.add('tenant table', this.shardTenants);
  }

  /** Name of the fleet. */
  get name(): string {
    return this.topology.fleet;
  }

  /** What HTTP adapters need beside `keyOf`: `{ ...fleet.routing, keyOf }`. */
  get routing(): { readonly locator: Locator; readonly context: ShardContext } {
    return { locator: this.directory, context: this.context };
  }

  /** What queues and workers need to keep each job at its place. */
  get sharding() {
    const { context, directory: locator, records } = this;
    const { signing, onGone, retryAfterMs } = this.options.jobs ?? {};
    const given = Object.entries({ signing, onGone, retryAfterMs }).filter(
      ([, value]) => value !== undefined,
    );
    type JobOptions = Pick<
      NonNullable<FleetOptions['jobs']>,
      'signing' | 'onGone' | 'retryAfterMs'
    >;
    return { context, locator, records, ...(Object.fromEntries(given) as JobOptions) };
  }

  /** Its migrations, as they were named, or the folder beside the config. */
  get migrations(): MigrationSources {
    return migrationsOf(this.options);
  }

  /** The file of the call sites without a context, where the fleet reports them. */
  get contextMissing(): ContextMissingFile | undefined {
    const file = this.options.contextMissing?.report;
    return file === undefined ? undefined : new ContextMissingFile(file);
  }

  /**
   * Builds TypeORM's metadata and checks declarations. Opens no connection yet: shards that are down
   * do not keep the others from being served. Called by `start`.
   * @throws FleetUsedError, and what `ShardedDataSource.initialize` throws; then all is closed
   */
  async start(): Promise<this> {
    if (this.#closing.hasBegun) throw new FleetUsedError('start', this.name, 'closed');
    if (this.#started !== undefined) throw new FleetUsedError('start', this.name, 'started');
    this.#started = this.dataSource.initialize().then(() => undefined);
    try {
      await this.#started;
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#endReports = this.contextMissing?.listen();
    return this;
  }

  /** @throws FleetUsedError where nothing would ever close what is about to be opened. @internal */
  refuseClosed(attempted: string): void {
    if (this.#closing.hasBegun) throw new FleetUsedError(attempted, this.name, 'closed');
  }

  /** Lets the fleet close what was opened with its parts. @internal */
  closeAtEnd<T extends Closable>(kind: Kind, opened: T): T {
    this.#closing.add(kind, opened);
    return opened;
  }

  /**
   * Makes the system tables, the directory and the lock file: what `switchyard prepare` does. For
   * tests and tools. @throws what `prepareFleet` of the migrator throws
   */
  async prepare(options: PrepareOptions = {}): Promise<void> {
    const { prepare } = await import('./schema-changes.ts');
    await prepare(this, options);
  }

  /**
   * Brings every shard to the newest migration: what `switchyard migrate` does. For tests and tools.
   * @throws what the migrator's planner throws; a shard that failed is an outcome of the report
   */
  async migrate(options: MigrateOptions = {}): Promise<RolloutReport> {
    const { migrate } = await import('./schema-changes.ts');
    return migrate(this, options);
  }

  /**
   * Closes all that the fleet opened, once and in order: workers, queues, data source, directory,
   * tenant table. @throws FleetNotClosedError where one of them did not close; the others did
   */
  async close(): Promise<void> {
    await this.#started?.catch(() => undefined);
    await this.#closing.close();
  }

  /** The end of `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #endDataSource(): Promise<void> {
    this.#endReports?.();
    await this.dataSource.close();
  }
}

/** True for what `defineFleet` made, also by another installed copy of this package. */
export function isFleet(value: unknown): value is SwitchyardFleet {
  return typeof value === 'object' && value !== null && MARK in value;
}

function directoryOf(
  options: FleetDirectory,
  { topology, shardTenants }: Pick<SwitchyardFleet, 'topology' | 'shardTenants'>,
): Directory {
  if (options.store !== undefined) return new Directory({ ...options, topology, shardTenants });
  const { server: given, database = DIRECTORY_DATABASE, maxConnections, ...rest } = options;
  const server =
    typeof given === 'string' ? topology.servers.find(({ name }) => name === given) : given;
  const limit = maxConnections === undefined ? {} : { maxConnections };
  // Judged before: a name is one of the fleet's servers.
  const store = new MySqlStore({
    server: server as NonNullable<typeof server>,
    database,
    ...limit,
  });
  return new Directory({ ...rest, store, topology, shardTenants });
}
