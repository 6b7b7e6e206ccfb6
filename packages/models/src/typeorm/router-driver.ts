import { currentFrame, type Topology } from '@switchyard/shard-context';
import type { FleetPools } from '@switchyard/mysql/internal';
import type { EntityMetadata, ObjectLiteral, ReplicationMode } from 'typeorm';
import { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import { OrmUtils } from 'typeorm/util/OrmUtils.js';
import { applyCapabilities } from './capabilities.ts';
import type { WriteGuards } from '../record-rules.ts';
import { NO_DATABASE } from '../options.ts';
import type { Router } from './router.ts';

/** What a driver of the fleet needs. */
export interface RouterParts {
  readonly topology: Topology;
  readonly pools: FleetPools;
  readonly guards: WriteGuards;
}

/**
 * The driver of the router: answers for the fleet what all shards share, and leads to the shard of
 * the context whatever belongs to one. Owns no connection of its own.
 */
export class RouterDriver extends MysqlDriver {
  readonly #router: Router;
  readonly #parts: RouterParts;

  constructor(router: Router, parts: RouterParts) {
    super(router);
    this.#router = router;
    this.#parts = parts;
    this.options = optionsOver(this.options, () => this.database);
  }

  /** Opens nothing: a shard that is down must not keep the others from starting. */
  override connect(): Promise<void> {
    applyCapabilities(this, this.#parts.topology);
    return Promise.resolve();
  }

  override disconnect(): Promise<void> {
    return this.#parts.pools.close();
  }

  override createQueryRunner(mode: ReplicationMode): never {
    return this.#router.runnerHere(mode) as never;
  }

  override obtainMasterConnection(): Promise<never> {
    return this.#router.runnerHere('master').connect() as Promise<never>;
  }

  override obtainSlaveConnection(): Promise<never> {
    return this.#router.runnerHere('slave').connect() as Promise<never>;
  }

  /** The rows of one INSERT get ids a whole step apart, and above 2^53 they are text. */
  override createGeneratedMap(
    metadata: EntityMetadata,
    insertResult: ObjectLiteral | undefined,
    entityIndex: number,
  ): ObjectLiteral | undefined {
    const { insertId } = (insertResult ?? {}) as { insertId?: string | number };
    if (insertResult === undefined || !insertId) {
      return super.createGeneratedMap(metadata, insertResult as ObjectLiteral, entityIndex);
    }
    const value = this.#parts.guards.generatedId(insertId, entityIndex, metadata);
    const generated: ObjectLiteral = {};
    for (const column of metadata.generatedColumns) {
      const isId = column.generationStrategy === 'increment';
      OrmUtils.mergeDeep(generated, column.createValueMap(isId ? value : undefined));
    }
    return Object.keys(generated).length > 0 ? generated : undefined;
  }

  /** The database of the context's shard, or a name that fails loudly in SQL. @internal */
  currentDatabase(): string {
    const place = currentFrame()?.place;
    if (place !== undefined) return this.#parts.topology.shard(place.shard).database;
    return this.#router.reportedShard()?.database ?? NO_DATABASE;
  }
}

// On the prototype, and not on the instance: an accessor of its own would turn the driver into a
// dictionary for V8, and TypeORM asks it a hundred times for one query (measured: 2.4x).
Object.defineProperty(RouterDriver.prototype, 'database', {
  get(this: RouterDriver) {
    return this.currentDatabase();
  },
  set: () => undefined, // TypeORM's constructor sets what it read from the options
});

/** The options with `database` from their prototype, for the same reason. @internal */
export function optionsOver<T extends object>(options: T, database: () => string | undefined): T {
  const shared: Partial<T> & { database?: unknown } = { ...options };
  delete shared.database;
  const home = Object.defineProperty({}, 'database', { get: database });
  return Object.assign(Object.create(home) as object, shared) as T;
}
