import { currentFrame, type Shard } from '@switchyard/shard-context';
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
import { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import { refusePinned } from '../declarations/refuse-pinned.ts';
import { ShardedEntityManager } from '../typeorm/sharded-entity-manager.ts';
import { RunnerMisplacedError } from '../runner/runner-errors.ts';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import { cachesInTable } from '../options.ts';
import { makePlacedBuilders } from '../typeorm/create-placed-builder.ts';
import type { WriteGuards } from '../record-rules.ts';
import { namedPlace, type Router } from '../typeorm/router.ts';

/**
 * One shard of a sharded data source, as an ordinary TypeORM data source for code that wants a
 * shard by name. Shares metadata, subscribers and logger with the router and owns nothing but its
 * driver; its connections come from the router's pools.
 */
export class ShardDataSource extends DataSource {
  readonly shard: Shard;
  /** The result cache in this shard's own table, where there is one. @internal */
  readonly cacheTable: QueryResultCache | undefined;
  declare driver: ShardDriver;
  declare readonly guards: WriteGuards;
  readonly #router: Router;
  #began = false;

  constructor(router: Router, shard: Shard) {
    // A cache that is not a table is the router's alone: one provider, made once.
    const cache = cachesInTable(router.options) ? router.options.cache : undefined;
    super({ ...router.options, cache, database: shard.database } as DataSourceOptions);
    this.cacheTable = this.queryResultCache;
    this.shard = shard;
    this.#router = router;
    this.driver = new ShardDriver(this, router);
    for (const shared of SHARED) {
      Object.defineProperty(this, shared, { get: () => this.#router[shared], enumerable: true });
    }
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

  /** Does nothing where the router was begun by itself; otherwise ends what `initialize` began. */
  override async destroy(): Promise<void> {
    if (!this.#began) return;
    this.#began = false;
    await this.#router.destroy();
  }

  /**
   * Begins the router where that was not begun: TypeORM's command line is given one shard and
   * initializes it. Without it there would be no metadata, and nothing to compare the schema with.
   */
  override async initialize(): Promise<this> {
    if (this.#router.isInitialized) return this;
    await this.#router.initialize();
    this.#began = true;
    return this;
  }
}

makePlacedBuilders(ShardDataSource.prototype);

/** Read from the router at each use, so that later changes there hold here too. */
const SHARED = [
  'isInitialized',
  'entityMetadatas',
  'entityMetadatasMap',
  'subscribers',
  'migrations',
  'logger',
  'namingStrategy',
  'guards',
  'queryResultCache',
] as const;

/** The driver of one shard: knows its database, opens nothing. */
export class ShardDriver extends MysqlDriver {
  readonly #router: Router;

  constructor(dataSource: ShardDataSource, router: Router) {
    super(dataSource);
    this.#router = router;
  }

  override createQueryRunner(mode: ReplicationMode): never {
    const { shard } = this.dataSource as ShardDataSource;
    const place = currentFrame()?.place;
    if (place !== undefined && place.shard !== shard.name) {
      throw new RunnerMisplacedError('create a query runner', namedPlace(shard), place);
    }
    return this.#router.runnerOn(shard, mode, this.dataSource) as never;
  }

  override isReturningSqlSupported(
    type: Parameters<MysqlDriver['isReturningSqlSupported']>[0],
  ): boolean {
    return this.#router.driver.isReturningSqlSupported(type);
  }
}
