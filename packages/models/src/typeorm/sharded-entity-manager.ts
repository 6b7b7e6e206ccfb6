import { currentFrame, type Place } from '@switchyard/shard-context';
import {
  EntityManager,
  type EntityTarget,
  type FindManyOptions,
  type FindOneOptions,
  type FindOptionsWhere,
  type ObjectLiteral,
} from 'typeorm';
import { findCompiled } from '../compiled/compiled-finds.ts';
import type { PlacedRunner } from '../record-rules.ts';
import { refuseMisplaced, type Member } from '../provenance/origin-guard.ts';
import { OriginKeepingTransformer } from '../provenance/origin-keeping-transformer.ts';
import { refuseForeign } from '../tenancy/refuse-foreign.ts';

const GRAPH_METHODS = ['save', 'remove', 'softRemove', 'recover'] as const;
type GraphMethod = (typeof GRAPH_METHODS)[number];

/** Has no state, so one serves every manager. */
const transformer = new OriginKeepingTransformer();

/**
 * TypeORM's manager, which looks at a graph before its first query: members of another place or
 * another tenant are refused while nothing has been sent.
 */
export class ShardedEntityManager extends EntityManager {
  protected override plainObjectToEntityTransformer = transformer;

  static {
    for (const method of GRAPH_METHODS) {
      const inherited = EntityManager.prototype[method] as (...args: unknown[]) => unknown;
      Object.defineProperty(this.prototype, method, {
        configurable: true,
        writable: true,
        async value(this: ShardedEntityManager, ...args: unknown[]): Promise<unknown> {
          this.#refuse(method, args);
          return inherited.apply(this, args);
        },
      });
    }
  }

  override async find<E extends ObjectLiteral>(
    target: EntityTarget<E>,
    options?: FindManyOptions<E>,
  ): Promise<E[]> {
    return this.#compiled(target, options ?? {}) ?? super.find(target, options);
  }

  override async findBy<E extends ObjectLiteral>(
    target: EntityTarget<E>,
    where: FindOptionsWhere<E> | FindOptionsWhere<E>[],
  ): Promise<E[]> {
    return this.#compiled(target, { where }) ?? super.findBy(target, where);
  }

  override async findOne<E extends ObjectLiteral>(
    target: EntityTarget<E>,
    options: FindOneOptions<E>,
  ): Promise<E | null> {
    if (!options.where) return super.findOne(target, options);
    return this.#compiledOne(target, options) ?? super.findOne(target, options);
  }

  override async findOneBy<E extends ObjectLiteral>(
    target: EntityTarget<E>,
    where: FindOptionsWhere<E> | FindOptionsWhere<E>[],
  ): Promise<E | null> {
    return this.#compiledOne(target, { where }) ?? super.findOneBy(target, where);
  }

  #compiled<E extends ObjectLiteral>(
    target: EntityTarget<E>,
    options: FindManyOptions<E>,
  ): Promise<E[]> | undefined {
    const all = options as FindManyOptions<ObjectLiteral>;
    return findCompiled(this, target, all) as Promise<E[]> | undefined;
  }

  #compiledOne<E extends ObjectLiteral>(
    target: EntityTarget<E>,
    options: FindOneOptions<E>,
  ): Promise<E | null> | undefined {
    return this.#compiled(target, { ...options, take: 1 })?.then(([first]) => first ?? null);
  }

  #refuse(method: GraphMethod, [first, second]: unknown[]): void {
    const place = this.#place;
    if (place === undefined) return; // the query runner refuses, and says what is missing
    const named = typeof first === 'function' || typeof first === 'string' || isSchema(first);
    const roots = rootsOf(this, named ? second : first, named ? first : undefined);
    refuseMisplaced(method, roots, place);
    refuseForeign(method, roots, place);
  }

  get #place(): Place | undefined {
    const runner = this.queryRunner as PlacedRunner | undefined;
    return runner?.place ?? currentFrame()?.place;
  }
}

function isSchema(value: unknown): boolean {
  const mark = (value as { '@instanceof'?: unknown } | null | undefined)?.['@instanceof'];
  return mark === Symbol.for('EntitySchema');
}

/** The members at the top of a graph; what is no entity is TypeORM's to refuse. */
function rootsOf({ dataSource }: EntityManager, records: unknown, target: unknown): Member[] {
  return (Array.isArray(records) ? (records as unknown[]) : [records]).flatMap((record) => {
    if (typeof record !== 'object' || record === null) return [];
    const entity = (target ?? record.constructor) as EntityTarget<ObjectLiteral>;
    if (!dataSource.hasMetadata(entity)) return [];
    return [{ record, metadata: dataSource.getMetadata(entity) }];
  });
}
