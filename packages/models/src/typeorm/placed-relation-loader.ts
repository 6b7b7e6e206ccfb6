import { currentFrame, outsideContext, type Place } from '@switchyard/shard-context';
import { runInFrame, samePlace } from '@switchyard/shard-context/internal';
import type { ObjectLiteral, QueryRunner, SelectQueryBuilder } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import { RelationLoader } from 'typeorm/query-builder/RelationLoader.js';
import type { Router } from './router.ts';

/** Loads a lazy relation from the shard of the record that it belongs to, for every caller. */
export class PlacedRelationLoader extends RelationLoader {
  readonly #router: Router;

  constructor(router: Router) {
    super(router);
    this.#router = router;
  }

  override load(
    relation: RelationMetadata,
    entityOrEntities: ObjectLiteral | ObjectLiteral[],
    queryRunner?: QueryRunner,
    queryBuilder?: SelectQueryBuilder<ObjectLiteral>,
    loadEagerRelations?: boolean,
  ): Promise<ObjectLiteral[]> {
    const loading = this.#loadAtHome(entityOrEntities, queryRunner, (runner) =>
      super.load(relation, entityOrEntities, runner, queryBuilder as never, loadEagerRelations),
    );
    return quiet(loading);
  }

  async #loadAtHome(
    records: ObjectLiteral | ObjectLiteral[],
    runner: QueryRunner | undefined,
    load: (runner: QueryRunner | undefined) => Promise<ObjectLiteral[]>,
  ): Promise<ObjectLiteral[]> {
    if (runner !== undefined && !runner.isReleased) return load(runner);
    const record: ObjectLiteral | undefined = Array.isArray(records) ? records[0] : records;
    const home = record === undefined ? undefined : this.#router.guards.homeOf(record);
    const frame = currentFrame();
    if (home === undefined || samePlace(home, frame?.place)) return load(undefined);
    if (frame === undefined) return this.#loadAlone(home, load);
    return runInFrame(Object.freeze({ ...frame, place: home }), () => load(undefined));
  }

  /** Without any context: a runner of the record's shard, for this load only. */
  async #loadAlone(
    home: Place,
    load: (runner: QueryRunner) => Promise<ObjectLiteral[]>,
  ): Promise<ObjectLiteral[]> {
    const runner = this.#router.runnerAt(home, 'slave');
    try {
      return await outsideContext(() => load(runner));
    } finally {
      await runner.release();
    }
  }
}

/**
 * TypeORM derives a promise from a lazy relation's and leaves it alone, so that a refusal would end
 * the process although the caller catches it. Promises derived from this one count as handled.
 */
class QuietPromise<T> extends Promise<T> {
  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    const derived = super.then(fulfilled, rejected);
    void super.then.call(derived, undefined, () => undefined);
    return derived;
  }
}

function quiet<T>(promise: Promise<T>): Promise<T> {
  return QuietPromise.resolve().then(() => promise) as QuietPromise<T>;
}
