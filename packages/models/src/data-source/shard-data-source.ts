import { currentFrame, type Place, type Shard } from '@switchyard/shard-context';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import type { QueryRunner, ReplicationMode } from 'typeorm';
import { RunnerMisplacedError } from '../runner/runner-errors.ts';
import type { WriteGuards } from './guards.ts';

/** What a child needs from the router that it belongs to. */
export interface Router extends DataSource {
  readonly guards: WriteGuards;
  /** A runner of the shard, shown to user code as belonging to `dataSource`. */
  runnerOn(shard: Shard, mode: ReplicationMode, dataSource: DataSource): QueryRunner;
}

/**
 * One shard of a sharded data source, as an ordinary TypeORM data source for code that wants a
 * shard by name. Shares metadata, subscribers and logger with the router and owns nothing but its
 * driver; its connections come from the router's pools.
 */
export class ShardDataSource extends DataSource {
  readonly shard: Shard;
  declare driver: ShardDriver;
  readonly #router: Router;

  constructor(router: Router, shard: Shard) {
    super({ ...router.options, database: shard.database } as DataSourceOptions);
    this.shard = shard;
    this.#router = router;
    this.driver = new ShardDriver(this, router);
    for (const shared of SHARED) {
      Object.defineProperty(this, shared, { get: () => this.#router[shared], enumerable: true });
    }
  }

  /** Belongs to the router, which ends it. */
  override destroy(): Promise<void> {
    return Promise.resolve();
  }

  /** Belongs to the router, which has begun it. */
  override initialize(): Promise<this> {
    return Promise.resolve(this);
  }
}

/** Read from the router at each use, so that what is set there later holds here too. */
const SHARED = [
  'isInitialized',
  'entityMetadatas',
  'entityMetadatasMap',
  'subscribers',
  'migrations',
  'logger',
  'namingStrategy',
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

/** The place of code that names a shard and no tenant. */
export function namedPlace(shard: Shard): Place {
  return Object.freeze({
    fleet: shard.fleet,
    shard: shard.name,
    tenant: undefined,
    epoch: undefined,
  });
}
