import {
  currentFrame,
  outsideContext,
  type LockFile,
  type Place,
  type Shard,
  type Topology,
} from '@switchyard/shard-context';
import { FleetMismatchError, ShardContextMissingError } from '@switchyard/shard-context/internal';
import { FleetPools } from '@switchyard/mysql/internal';
import {
  DataSource,
  type DataSourceOptions,
  type EntityManager,
  type EntityMetadata,
  type EntityTarget,
  type ObjectLiteral,
  type QueryRunner,
  type ReplicationMode,
} from 'typeorm';
import { checkDeclarations } from '../declarations/check-declarations.ts';
import { fitNamesToColumns } from '../declarations/tenant-columns.ts';
import { refusePinned } from '../declarations/refuse-pinned.ts';
import { refuseRelationsAcross } from '../declarations/relations-across.ts';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import { ShardedEntityManager } from '../typeorm/sharded-entity-manager.ts';
import { ShardQueryRunner } from '../runner/shard-query-runner.ts';
import { ContextMissingReports, type ContextMissing } from './context-missing.ts';
import { ContextReportNotAllowedError } from '../data-source-errors.ts';
import { countsOf, type FastPathCounts } from '../compiled/fast-path.ts';
import { applyCapabilities } from '../typeorm/capabilities.ts';
import { makePlacedBuilders } from '../typeorm/create-placed-builder.ts';
import { installGraphHooks } from '../typeorm/graph-hooks.ts';
import { MigrationMemory } from './has-migration.ts';
import type { WriteGuards } from '../record-rules.ts';
import { guardsInUse } from './guards-in-use.ts';
import {
  cachesInTable,
  engineOf,
  refuseLateOptions,
  refuseOptions,
  typeormOptions,
  type ShardedDataSourceOptions,
} from '../options.ts';
import { PlacedResultCache } from '../typeorm/placed-result-cache.ts';
import { PlacedRelationLoader } from '../typeorm/placed-relation-loader.ts';
import { installReloadHook } from '../typeorm/reload-hook.ts';
import { namedPlace } from '../typeorm/router.ts';
import { optionsOver, RouterDriver } from '../typeorm/router-driver.ts';
import { PlacedHome, ReportedHome, type HomeParts } from './runner-homes.ts';
import { ShardDataSource, type ShardDriver } from './shard-data-source.ts';
import { TenantTables } from './tenant-tables.ts';
import { checkInternals } from '../typeorm/typeorm-internals.ts';

/**
 * A TypeORM data source over all shards of a topology. Repositories, managers, query builders and
 * transactions are TypeORM's own and run on the shard of the context. Without a context they are
 * refused before a connection is taken.
 *
 * @example
 * const dataSource = new ShardedDataSource({ topology, lockFile, entities: [Account] });
 * await dataSource.initialize(); // opens no connection; succeeds with shards down
 * await router.onTenant('t_1', () => dataSource.getRepository(Account).findOneBy({ id: '5' }));
 */
export class ShardedDataSource extends DataSource {
  readonly topology: Topology;
  readonly lockFile: LockFile;
  /** Whether reads are scoped by tenant where an entity does not say it itself. */
  readonly scopeReads: boolean;
  readonly #contextMissing: 'refuse' | 'report';
  readonly #pools: FleetPools;
  readonly #guards: WriteGuards;
  readonly #children = new Map<string, ShardDataSource>();
  readonly #reports = new ContextMissingReports();
  readonly #homes: HomeParts;
  #tenantTables: TenantTables | undefined;
  /** The answer is shared by contexts, so that none of them asks. */
  readonly #migrations = new MigrationMemory((shard, sql) =>
    outsideContext(() => this.shard(shard).query(sql)),
  );
  #stopWatching: (() => void) | undefined;

  /** @throws OptionRefusedError, EnginesMixedError */
  constructor(options: ShardedDataSourceOptions) {
    super(typeormOptions(options));
    this.topology = options.topology;
    this.lockFile = options.lockFile;
    this.scopeReads = options.scopeReads ?? false;
    this.#contextMissing = options.contextMissing ?? 'refuse';
    const driverOptions = decodingOptions(this);
    this.#pools = new FleetPools(options.lockFile, { ...options.pool, driverOptions });
    this.#guards = guardsInUse;
    this.#homes = { pools: this.#pools, tenantTables: () => this.#tables() };
    const parts = { topology: this.topology, pools: this.#pools, guards: this.#guards };
    this.driver = new RouterDriver(this, parts);
    // What libraries read, as in the driver: tracing, schema tools.
    Object.assign(this, { options: optionsOver(this.options, () => this.driver.database) });
    // Before the metadata is built: getters on the classes' prototypes keep the loader they find.
    Object.assign(this, { relationLoader: new PlacedRelationLoader(this) });
    if (this.queryResultCache !== undefined)
      Object.assign(this, { queryResultCache: this.#cache() });
    installGraphHooks();
    installReloadHook();
  }

  /** The rules about records. @internal */
  get guards(): WriteGuards {
    return this.#guards;
  }

  /**
   * Builds the metadata. Opens no connection, so that shards that are down do not keep the others
   * from being served.
   * @throws EnginesMixedError, ContextReportNotAllowedError, DeclarationInvalidError,
   *   EntityUndeclaredError, IdStrategyMissingError, CrossDomainRelationError, WrongDomainError
   */
  override async initialize(): Promise<this> {
    await checkInternals(this.driver);
    this.#checkTopology('start a ShardedDataSource');
    await super.initialize();
    this.#stopWatching = this.topology.onAdded(() => this.#topologyGrew());
    return this;
  }

  /** The manager that looks at a graph before its first query. */
  override createEntityManager(queryRunner?: QueryRunner): EntityManager {
    return new ShardedEntityManager(this, queryRunner);
  }

  /** @throws WrongDomainError for an entity that is pinned to another database */
  override getMetadata(target: EntityTarget<ObjectLiteral>): EntityMetadata {
    const metadata = this.findMetadata(target);
    if (metadata === undefined) refusePinned(target);
    return metadata ?? super.getMetadata(target);
  }

  /** Holds declarations and metadata together before anything is served. */
  protected override async buildMetadatas(): Promise<void> {
    const { entities = [] } = this.options;
    refuseRelationsAcross(Array.isArray(entities) ? entities : Object.values(entities));
    await super.buildMetadatas();
    checkDeclarations(this.entityMetadatas, this.topology.shards.length);
    fitNamesToColumns(this.entityMetadatas, this.topology.tenantNames, this.driver);
  }

  /**
   * Closes all connections, those of unreleased runners after the statement that is under way (at
   * the latest after 5,000 ms): their servers roll back the transactions that were left open. Does
   * nothing where the data source is closed or was never initialized.
   */
  async close(): Promise<void> {
    if (this.isInitialized) await this.destroy();
  }

  /** The end of `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** TypeORM's name of `close`. @throws TypeORMError where the data source is not initialized */
  override async destroy(): Promise<void> {
    this.#stopWatching?.();
    await super.destroy();
  }

  /**
   * Options of before the start. What connections and the result cache are made of is fixed by then.
   * @throws OptionRefusedError for these, and for what the constructor refuses
   */
  override setOptions(options: Partial<DataSourceOptions>): this {
    refuseOptions(options);
    refuseLateOptions(options);
    return super.setOptions(options);
  }

  /**
   * One shard as an ordinary data source, for code that names its shard: operators' tools, schema
   * work. It has no tenant, so that its writes to tenants' rows need `unfenced(reason, fn)`.
   * @throws UnknownShardError
   */
  shard(name: string): DataSource {
    return this.#child(this.topology.shard(name));
  }

  /**
   * True where the shard of the context has the migration, by its own ledger: for code that runs
   * while the shards' schemas differ. Asked of the shard at most once in 5,000 ms.
   * @throws ShardContextMissingError
   */
  async hasMigration(name: string): Promise<boolean> {
    const shard = currentFrame()?.place?.shard ?? this.reportedShard()?.name;
    if (shard === undefined) throw new ShardContextMissingError('ask for a migration');
    return this.#migrations.has(shard, name);
  }

  /** The call sites found without a context so far, each once; see `contextMissing`. */
  contextMissingReports(): readonly ContextMissing[] {
    return this.#reports.list;
  }

  /** How many reads were compiled so far, and why the others were not. */
  get fastPathCounts(): FastPathCounts {
    return countsOf(this);
  }

  /** A runner of the context's shard. @internal */
  runnerHere(mode: ReplicationMode): ShardQueryRunner {
    const frame = currentFrame();
    const place = frame?.place;
    if (place === undefined) return this.#runnerWithoutContext(mode);
    if (place.fleet !== this.topology.fleet) {
      throw new FleetMismatchError('create a query runner', this.topology.fleet, place.fleet);
    }
    const shard = this.topology.shard(place.shard);
    const home = new PlacedHome(this.#homes, shard, { dataSource: this, place, frame });
    return new ShardQueryRunner(this.#driverOf(shard), mode, home);
  }

  /** A runner of a named shard, in the context where that is of the same shard. @internal */
  runnerOn(shard: Shard, mode: ReplicationMode, dataSource: DataSource): ShardQueryRunner {
    const frame = currentFrame();
    const place = frame?.place ?? namedPlace(shard);
    const at = { dataSource, place, frame: frame?.place === undefined ? undefined : frame };
    return new ShardQueryRunner(
      this.#driverOf(shard),
      mode,
      new PlacedHome(this.#homes, shard, at),
    );
  }

  /** A runner of a known place, for work that belongs to a record of there. @internal */
  runnerAt(place: Place, mode: ReplicationMode): QueryRunner {
    const shard = this.topology.shard(place.shard);
    const home = new PlacedHome(this.#homes, shard, { dataSource: this, place, frame: undefined });
    const runner = new ShardQueryRunner(this.#driverOf(shard), mode, home);
    Object.assign(runner, { manager: this.createEntityManager(runner) });
    return runner;
  }

  /** The only shard, while code without a context may run there. @internal */
  reportedShard(): Shard | undefined {
    const { shards } = this.topology;
    return this.#contextMissing === 'report' && shards.length === 1 ? shards[0] : undefined;
  }

  #runnerWithoutContext(mode: ReplicationMode): ShardQueryRunner {
    const shard = this.reportedShard();
    if (shard === undefined) throw new ShardContextMissingError('create a query runner');
    const stack = this.#reports.captureStack(this.runnerHere as never);
    const report = (sql: string) => this.#reports.note(stack, sql, this.entityMetadatas);
    const at = { dataSource: this, place: namedPlace(shard), report };
    return new ShardQueryRunner(
      this.#driverOf(shard),
      mode,
      new ReportedHome(this.#homes, shard, at),
    );
  }

  #driverOf(shard: Shard): ShardDriver {
    return this.#child(shard).driver;
  }

  #child(shard: Shard): ShardDataSource {
    const known = this.#children.get(shard.name);
    if (known !== undefined) return known;
    const child = new ShardDataSource(this, shard);
    applyCapabilities(child.driver, this.topology);
    this.#children.set(shard.name, child);
    return child;
  }

  #cache(): PlacedResultCache {
    const provider = cachesInTable(this.options) ? undefined : this.queryResultCache;
    const tableOf = (shard: string) =>
      this.#child(this.topology.shard(shard)).cacheTable as QueryResultCache;
    return new PlacedResultCache(provider, tableOf);
  }

  #tables(): TenantTables {
    this.#tenantTables ??= new TenantTables(this.entityMetadatas, this.#guards);
    return this.#tenantTables;
  }

  #checkTopology(attempted: string): void {
    engineOf(this.topology, attempted);
    const count = this.topology.shards.length;
    if (this.#contextMissing === 'report' && count !== 1) {
      throw new ContextReportNotAllowedError(attempted, count);
    }
  }

  #topologyGrew(): void {
    this.#checkTopology('add a shard');
    checkDeclarations(this.entityMetadatas, this.topology.shards.length);
    applyCapabilities(this.driver as RouterDriver, this.topology);
    for (const child of this.#children.values()) applyCapabilities(child.driver, this.topology);
  }
}

makePlacedBuilders(ShardedDataSource.prototype);

/** What of TypeORM's options the connections need: how values are encoded and decoded, and TLS. */
function decodingOptions(dataSource: DataSource): Record<string, unknown> {
  const driver = dataSource.driver as unknown as {
    options: unknown;
    createConnectionOptions(options: unknown, credentials: object): Record<string, unknown>;
  };
  const all = driver.createConnectionOptions(driver.options, {});
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given);
}
