import type {
  DeleteQueryBuilder,
  InsertQueryBuilder,
  InsertResult,
  ObjectLiteral,
  QueryBuilder,
  QueryRunner,
  UpdateQueryBuilder,
  UpdateResult,
} from 'typeorm';
import type { SoftDeleteQueryBuilder } from 'typeorm/query-builder/SoftDeleteQueryBuilder.js';
import { BroadcasterResult } from 'typeorm/subscriber/BroadcasterResult.js';
import { ShardQueryRunner } from '../runner/shard-query-runner.ts';
import { isOfGraph } from './graph-statements.ts';
import type { CriteriaBuilder, WriteGuards } from '../record-rules.ts';
import type { GuardedSource } from './router.ts';
import { refuseTablesWithoutEntity, refuseWriteTarget } from './tables-without-entity.ts';

type CriteriaOf<E extends ObjectLiteral> =
  UpdateQueryBuilder<E> | DeleteQueryBuilder<E> | SoftDeleteQueryBuilder<E>;

/** What these functions need of a builder and TypeORM keeps to its subclasses. */
interface Insides {
  queryRunner: QueryRunner | undefined;
  getValueSets(): ObjectLiteral[];
}

/**
 * Runs an insert with the guards around it. Listeners run first, because they may change what the
 * guards check; TypeORM would run them after us.
 */
export async function guardedInsert<E extends ObjectLiteral>(
  builder: InsertQueryBuilder<E>,
  runner: QueryRunner,
  execute: () => Promise<InsertResult>,
): Promise<InsertResult> {
  refuseTables(builder, runner);
  const unguarded = !(runner instanceof ShardQueryRunner) || isOfGraph(builder);
  if (unguarded) return withRunner(builder, runner, execute);
  const write = builder as unknown as InsertQueryBuilder<ObjectLiteral>;
  const guards = guardsOf(builder);
  return guarded(builder, runner, async (begin) => {
    const rows = builder.expressionMap.insertFromSelect ? [] : insides(builder).getValueSets();
    const tell = listenersOf(builder);
    if (tell && rows.length > 0) await tellInsert(runner, builder, rows, 'Before');
    const verifies = await guards.beforeInsert(write, runner);
    // A tenant's insert is lifted into a transaction anyway; begun here, it also holds what TypeORM
    // reads back, so that a connection lost in between cannot fail a write that was committed.
    if (verifies === true || runner.place.tenant !== undefined) await begin();
    const result = await withoutListeners(builder, execute);
    await guards.afterInsert(write, runner, result);
    if (tell && rows.length > 0) await tellInsert(runner, builder, rows, 'After');
    return result;
  });
}

/** Runs an update with the guards before its SQL is made, and after its listeners. */
export async function guardedUpdate<E extends ObjectLiteral>(
  builder: UpdateQueryBuilder<E>,
  runner: QueryRunner,
  execute: () => Promise<UpdateResult>,
): Promise<UpdateResult> {
  if (!(runner instanceof ShardQueryRunner)) return withRunner(builder, runner, execute);
  refuseTables(builder, runner);
  if (isOfGraph(builder)) return inGraph(builder, runner, execute);
  return guarded(builder, runner, async () => {
    const { mainAlias, valuesSet } = builder.expressionMap;
    const tell = listenersOf(builder);
    if (tell) await runner.broadcaster.broadcast('BeforeUpdate', mainAlias!.metadata, valuesSet);
    await guardsOf(builder).beforeCriteria(builder as unknown as CriteriaBuilder, runner);
    const result = await withoutListeners(builder, execute);
    if (tell) await runner.broadcaster.broadcast('AfterUpdate', mainAlias!.metadata, valuesSet);
    return result;
  });
}

/** Runs a delete, soft delete or restore with the guards before its SQL is made. */
export async function guardedDelete<E extends ObjectLiteral, R>(
  builder: DeleteQueryBuilder<E> | SoftDeleteQueryBuilder<E>,
  runner: QueryRunner,
  execute: () => Promise<R>,
): Promise<R> {
  if (!(runner instanceof ShardQueryRunner)) return withRunner(builder, runner, execute);
  refuseTables(builder, runner);
  if (isOfGraph(builder)) return inGraph(builder, runner, execute);
  return withRunner(builder, runner, () =>
    runner.inPlace(async () => {
      await guardsOf(builder).beforeCriteria(builder as unknown as CriteriaBuilder, runner);
      return execute();
    }),
  );
}

/** A graph names the tables of its own members, and no others. @throws TableWithoutEntityError */
function refuseTables(builder: QueryBuilder<ObjectLiteral>, runner: QueryRunner): void {
  if (!(runner instanceof ShardQueryRunner)) return;
  refuseWriteTarget(builder, runner.place);
  if (!isOfGraph(builder)) refuseTablesWithoutEntity(builder, runner.place);
}

/** A statement of a graph, whose values and members were checked; its rows are still the tenant's. */
function inGraph<E extends ObjectLiteral, R>(
  builder: CriteriaOf<E>,
  runner: ShardQueryRunner,
  execute: () => Promise<R>,
): Promise<R> {
  guardsOf(builder).beforeGraphCriteria(builder as unknown as CriteriaBuilder, runner);
  return withRunner(builder, runner, execute);
}

/** The transaction that the builder or its guards ask for, around statement and listeners. */
function guarded<R>(
  builder: QueryBuilder<ObjectLiteral>,
  runner: ShardQueryRunner,
  work: (begin: () => Promise<void>) => Promise<R>,
): Promise<R> {
  let began = false;
  const begin = async () => {
    if (runner.isTransactionActive) return;
    await runner.startTransaction();
    began = true;
  };
  const run = async () => {
    try {
      if (builder.expressionMap.useTransaction) await begin();
      const result = await work(begin);
      if (began) await runner.commitTransaction();
      return result;
    } catch (error) {
      // The first error is the one to know.
      if (began) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    }
  };
  return withRunner(builder, runner, () => runner.inPlace(run));
}

/** Lends the runner to the builder, so that all its statements use one, and releases ours. */
async function withRunner<R>(
  builder: QueryBuilder<ObjectLiteral>,
  runner: QueryRunner,
  work: () => Promise<R>,
): Promise<R> {
  const inside = insides(builder);
  const own = inside.queryRunner;
  inside.queryRunner = runner;
  try {
    return await work();
  } finally {
    inside.queryRunner = own;
    if (runner !== own) await runner.release();
  }
}

async function withoutListeners<R>(
  builder: QueryBuilder<ObjectLiteral>,
  execute: () => Promise<R>,
): Promise<R> {
  const { expressionMap } = builder;
  const { callListeners } = expressionMap;
  expressionMap.callListeners = false;
  try {
    return await execute();
  } finally {
    expressionMap.callListeners = callListeners;
  }
}

function listenersOf({ expressionMap }: QueryBuilder<ObjectLiteral>): boolean {
  return expressionMap.callListeners && expressionMap.mainAlias?.hasMetadata === true;
}

async function tellInsert(
  runner: QueryRunner,
  { expressionMap }: QueryBuilder<ObjectLiteral>,
  rows: readonly ObjectLiteral[],
  when: 'Before' | 'After',
): Promise<void> {
  const result = new BroadcasterResult();
  const { metadata } = expressionMap.mainAlias!;
  for (const row of rows) runner.broadcaster[`broadcast${when}InsertEvent`](result, metadata, row);
  await result.wait();
}

function guardsOf(builder: QueryBuilder<ObjectLiteral>): WriteGuards {
  return (builder.dataSource as GuardedSource).guards;
}

function insides(builder: QueryBuilder<ObjectLiteral>): Insides {
  return builder as unknown as Insides;
}
