import { currentFrame, type Frame, type Place } from '@switchyard/shard-context';
import { runInFrame, samePlace } from '@switchyard/shard-context/internal';
import {
  DeleteQueryBuilder,
  InsertQueryBuilder,
  QueryBuilder,
  RelationQueryBuilder,
  SelectQueryBuilder,
  UpdateQueryBuilder,
  type DataSource,
  type DeleteResult,
  type InsertResult,
  type ObjectLiteral,
  type QueryRunner,
  type UpdateResult,
} from 'typeorm';
import { SoftDeleteQueryBuilder } from 'typeorm/query-builder/SoftDeleteQueryBuilder.js';
import { scopedWhere, withScopedJoins } from '../tenancy/read-scope.ts';
import { scopeParameters } from '../tenancy/scope-parameters.ts';
import { RunnerMisplacedError } from '../runner/runner-errors.ts';
import { ShardQueryRunner } from '../runner/shard-query-runner.ts';
import { guardedDelete, guardedInsert, guardedUpdate } from './guarded-execute.ts';
import { keepInGraph } from './graph-statements.ts';
import type { MappedJoin } from '../record-rules.ts';
import { refusePinnedTargets } from './pinned-targets.ts';
import type { GuardedSource } from './router.ts';
import { refuseTablesWithoutEntity } from './tables-without-entity.ts';

/** A builder that remembers where it was made. */
interface Placed {
  /** The frame at its making; copies keep it. Undefined: made outside every context. */
  readonly madeIn: Frame | undefined;
}

type Source = DataSource | QueryBuilder<ObjectLiteral>;

/** The inside of every placed builder. */
interface Builder extends Placed {
  readonly dataSource: DataSource;
  readonly queryRunner?: QueryRunner;
}

/** TypeORM's builder for reads: hydrates in its runner's place and tells the guards what it loaded. */
export class PlacedSelect<E extends ObjectLiteral> extends SelectQueryBuilder<E> implements Placed {
  readonly madeIn: Frame | undefined;

  constructor(source: Source, runner?: QueryRunner) {
    super(source as DataSource, runner);
    this.madeIn = frameOf(source);
  }

  protected override obtainQueryRunner(): QueryRunner {
    return obtain(this.madeIn, this.queryRunner, () => super.obtainQueryRunner());
  }

  protected override createWhereExpression(): string {
    refuseTablesWithoutEntity(this, this.#place);
    return scopedWhere(this, this.#place, super.createWhereExpression());
  }

  protected override createJoinExpression(): string {
    return withScopedJoins(this, this.#place, () => super.createJoinExpression());
  }

  get #place(): Place | undefined {
    return placeOf(this.madeIn, this.queryRunner);
  }

  protected override async executeEntitiesAndRawResults(
    runner: QueryRunner,
  ): ReturnType<SelectQueryBuilder<E>['executeEntitiesAndRawResults']> {
    if (!(runner instanceof ShardQueryRunner)) return super.executeEntitiesAndRawResults(runner);
    const result = await runner.inPlace(() => super.executeEntitiesAndRawResults(runner));
    const { mainAlias, joinAttributes } = this.expressionMap;
    if (mainAlias?.hasMetadata === true && result.entities.length > 0) {
      const { guards } = this.dataSource as GuardedSource;
      guards.loaded(mainAlias.metadata, result.entities, runner, mappedJoins(joinAttributes));
    }
    return result;
  }
}

function mappedJoins(joins: SelectQueryBuilder<ObjectLiteral>['expressionMap']['joinAttributes']) {
  return joins.flatMap(({ mapToPropertyPropertyName: property, metadata }): MappedJoin[] =>
    property === undefined || metadata === undefined ? [] : [{ property, metadata }],
  );
}

/** TypeORM's builder for inserts and upserts, with the guards before and after its statement. */
class PlacedInsert<E extends ObjectLiteral> extends InsertQueryBuilder<E> implements Placed {
  readonly madeIn: Frame | undefined;

  constructor(source: Source, runner?: QueryRunner) {
    super(source as DataSource, runner);
    this.madeIn = frameOf(source);
  }

  override async execute(): Promise<InsertResult> {
    return guardedInsert(this, this.obtainQueryRunner(), () => super.execute());
  }

  protected override obtainQueryRunner(): QueryRunner {
    return obtain(this.madeIn, this.queryRunner, () => super.obtainQueryRunner());
  }
}

/** TypeORM's builder for updates, with the guards before its statement. */
class PlacedUpdate<E extends ObjectLiteral> extends UpdateQueryBuilder<E> implements Placed {
  readonly madeIn: Frame | undefined;

  constructor(source: Source, runner?: QueryRunner) {
    super(source as DataSource, runner);
    this.madeIn = frameOf(source);
  }

  override async execute(): Promise<UpdateResult> {
    return guardedUpdate(this, this.obtainQueryRunner(), () => super.execute());
  }

  protected override obtainQueryRunner(): QueryRunner {
    return obtain(this.madeIn, this.queryRunner, () => super.obtainQueryRunner());
  }
}

/** TypeORM's builder for deletes, with the guards before its statement. */
class PlacedDelete<E extends ObjectLiteral> extends DeleteQueryBuilder<E> implements Placed {
  readonly madeIn: Frame | undefined;

  constructor(source: Source, runner?: QueryRunner) {
    super(source as DataSource, runner);
    this.madeIn = frameOf(source);
  }

  override async execute(): Promise<DeleteResult> {
    return guardedDelete(this, this.obtainQueryRunner(), () => super.execute());
  }

  protected override obtainQueryRunner(): QueryRunner {
    return obtain(this.madeIn, this.queryRunner, () => super.obtainQueryRunner());
  }
}

/** TypeORM's builder for soft deletes and restores, with the guards before its statement. */
class PlacedSoftDelete<E extends ObjectLiteral>
  extends SoftDeleteQueryBuilder<E>
  implements Placed
{
  readonly madeIn: Frame | undefined;

  constructor(source: Source, runner?: QueryRunner) {
    super(source as DataSource, runner);
    this.madeIn = frameOf(source);
  }

  override async execute(): Promise<UpdateResult> {
    return guardedDelete(this, this.obtainQueryRunner(), () => super.execute());
  }

  protected override obtainQueryRunner(): QueryRunner {
    return obtain(this.madeIn, this.queryRunner, () => super.obtainQueryRunner());
  }
}

/** TypeORM's builder for relations; the builders that it makes are placed ones. */
class PlacedRelation<E extends ObjectLiteral> extends RelationQueryBuilder<E> implements Placed {
  readonly madeIn: Frame | undefined;

  constructor(source: Source, runner?: QueryRunner) {
    super(source as DataSource, runner);
    this.madeIn = frameOf(source);
  }

  protected override obtainQueryRunner(): QueryRunner {
    return obtain(this.madeIn, this.queryRunner, () => super.obtainQueryRunner());
  }
}

/** What TypeORM looks up when a builder turns into another kind: `qb.update()`. */
const PLACED_REGISTRY = {
  SelectQueryBuilder: (from: Source) => new PlacedSelect(from),
  InsertQueryBuilder: (from: Source) => new PlacedInsert(from),
  UpdateQueryBuilder: (from: Source) => new PlacedUpdate(from),
  DeleteQueryBuilder: (from: Source) => new PlacedDelete(from),
  SoftDeleteQueryBuilder: (from: Source) => new PlacedSoftDelete(from),
  RelationQueryBuilder: (from: Source) => new PlacedRelation(from),
};

const TURNS = [
  'select',
  'insert',
  'update',
  'delete',
  'softDelete',
  'restore',
  'relation',
] as const;
const PLACED = [
  PlacedSelect,
  PlacedInsert,
  PlacedUpdate,
  PlacedDelete,
  PlacedSoftDelete,
  PlacedRelation,
];

const stockParameters = stockMethod('getParameters') as () => ObjectLiteral;

/** TypeORM's parameters, and those of the scoped reads whose SQL may be part of this builder's. */
function parametersWithScope(this: Builder): ObjectLiteral {
  const place = placeOf(this.madeIn, this.queryRunner);
  return Object.assign(stockParameters.call(this), scopeParameters(this.dataSource, place));
}

type Turn = (this: unknown, ...args: unknown[]) => unknown;

// TypeORM's registry of builders is one for the process and is filled again by every DataSource, so
// ours takes its place only for the moment of the (synchronous) turn.
const home = QueryBuilder as unknown as { queryBuilderRegistry: object };
for (const { prototype } of PLACED) {
  refusePinnedTargets(prototype);
  Object.defineProperty(prototype, 'getParameters', {
    value: parametersWithScope,
    writable: true,
    configurable: true,
  });
  const stock = Object.getPrototypeOf(prototype) as Record<string, Turn>;
  for (const name of TURNS) {
    const turn = stock[name] as Turn;
    const value = function (this: unknown, ...args: unknown[]): unknown {
      const others = home.queryBuilderRegistry;
      home.queryBuilderRegistry = PLACED_REGISTRY;
      try {
        const turned = turn.apply(this, args);
        keepInGraph(this as object, turned);
        return turned;
      } finally {
        home.queryBuilderRegistry = others;
      }
    };
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}

/** Where the builder's statement goes. */
function placeOf(madeIn: Frame | undefined, own: QueryRunner | undefined): Place | undefined {
  if (own instanceof ShardQueryRunner) return own.place;
  return madeIn?.place ?? currentFrame()?.place;
}

function stockMethod(name: keyof QueryBuilder<ObjectLiteral>): unknown {
  return QueryBuilder.prototype[name]; // read here, so that no one calls it without its builder
}

function frameOf(source: Source): Frame | undefined {
  return 'madeIn' in source ? (source as Source & Placed).madeIn : currentFrame();
}

/**
 * A runner for a builder: its own, or one of the current place if that is where the builder was
 * made. Where no place is set (a thenable awaited elsewhere), the builder runs where it was made.
 * @throws RunnerMisplacedError
 */
function obtain(
  madeIn: Frame | undefined,
  own: QueryRunner | undefined,
  stock: () => QueryRunner,
): QueryRunner {
  const made = madeIn?.place;
  if (own !== undefined || made === undefined) return stock();
  const now = currentFrame()?.place;
  if (now === undefined) return runInFrame(madeIn, stock);
  if (now !== made && !samePlace(now, made)) {
    throw new RunnerMisplacedError('run a query builder', made, now);
  }
  return stock();
}
