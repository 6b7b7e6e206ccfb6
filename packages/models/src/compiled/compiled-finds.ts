import { currentFrame, type Place } from '@switchyard/shard-context';
import type {
  EntityManager,
  EntityMetadata,
  EntityTarget,
  FindManyOptions,
  ObjectLiteral,
} from 'typeorm';
import type { WriteGuards } from '../record-rules.ts';
import type { CompiledValues } from '../runner/send-compiled.ts';
import { ShardQueryRunner } from '../runner/shard-query-runner.ts';
import { compileRead, hydrateOf, statementFor, type CompiledRead } from './compile-read.ts';
import { entityPlanOf } from './entity-plan.ts';
import { countsOf, whyNotCompiled } from './fast-path.ts';
import { shapeOf } from './find-shape.ts';

/** Statements kept per entity; the oldest makes room. */
const MOST_SHAPES = 128;

/** By shape: the compiled read, or why reads of this shape are TypeORM's, found once. */
type Shapes = Map<string, CompiledRead | string>;

const shapesOf = new WeakMap<EntityMetadata, Shapes>();

/** A read that is ready to be sent. */
interface Ready {
  readonly read: CompiledRead;
  readonly values: CompiledValues;
  readonly metadata: EntityMetadata;
  readonly options: FindManyOptions<ObjectLiteral>;
}

/**
 * Reads entities by a statement that was compiled before, or answers undefined, before anything was
 * sent, where the call is TypeORM's. What it gives is what TypeORM gives.
 */
export function findCompiled(
  manager: EntityManager,
  target: EntityTarget<ObjectLiteral>,
  options: FindManyOptions<ObjectLiteral>,
): Promise<object[]> | undefined {
  const { dataSource } = manager;
  const counts = countsOf(dataSource);
  const ready = prepareRead(manager, target, options);
  if (typeof ready === 'string') {
    counts.fellThrough.set(ready, (counts.fellThrough.get(ready) ?? 0) + 1);
    return undefined;
  }
  counts.compiled += 1;
  return run(manager, ready);
}

function prepareRead(
  manager: EntityManager,
  target: EntityTarget<ObjectLiteral>,
  options: FindManyOptions<ObjectLiteral>,
): Ready | string {
  const refused = whyNotCompiled(manager.dataSource);
  if (refused !== undefined) return refused;
  const place = placeOf(manager);
  if (place === undefined) return 'no context';
  const metadata = manager.dataSource.getMetadata(target);
  const plan = entityPlanOf(metadata);
  if (plan.fallsThrough !== undefined) return plan.fallsThrough;
  const shape = shapeOf(options);
  if (typeof shape === 'string') return shape;
  const shapes = shapesOf.get(metadata) ?? newShapes(metadata);
  const key = place.tenant === undefined ? shape.key : `${shape.key}|tenant`;
  let read = shapes.get(key);
  if (read === undefined) {
    read = compileRead(manager, { metadata, plan, options, shape, place });
    countsOf(manager.dataSource).statements += 1;
    remember(shapes, key, read);
  }
  if (typeof read === 'string') return read;
  return { read, values: bind(read, shape.values, place), metadata, options };
}

async function run(manager: EntityManager, ready: Ready): Promise<object[]> {
  const { read, values, metadata, options } = ready;
  const own = manager.queryRunner as ShardQueryRunner | undefined;
  const runner = own ?? (manager.dataSource.createQueryRunner('slave') as ShardQueryRunner);
  try {
    const answer = await runner.read(statementFor(read, options), values);
    if (answer.rows.length === 0) return [];
    const entities = runner.inPlace(() => {
      return answer.rows.map(hydrateOf(read, metadata, answer));
    });
    if (entityPlanOf(metadata).hasLoadListeners) {
      await runner.inPlace(() => runner.broadcaster.broadcast('Load', metadata, entities));
    }
    const { guards } = manager.dataSource as unknown as { readonly guards: WriteGuards };
    guards.loaded(metadata, entities, runner, []);
    return entities;
  } finally {
    if (own === undefined) await runner.release();
  }
}

/** Where the read goes; undefined where TypeORM's path says what is missing. */
function placeOf({ queryRunner }: EntityManager): Place | undefined {
  if (queryRunner instanceof ShardQueryRunner) return queryRunner.place;
  return queryRunner === undefined ? currentFrame()?.place : undefined;
}

/** The values of a call, bound as texts where the statement is prepared and all of them can be. */
function bind(
  { sources, binders, statement }: CompiledRead,
  values: readonly unknown[],
  { tenant }: Place,
): CompiledValues {
  const given = sources.map((source) => (source === 'tenant' ? tenant : values[source]));
  if (!statement.prepared) return { given, bound: undefined };
  const bound: string[] = [];
  for (const source of sources) {
    const text = source === 'tenant' ? tenant : binders[source]?.(values[source]);
    if (text === undefined) return { given, bound: undefined };
    bound.push(text);
  }
  return { given, bound };
}

function newShapes(metadata: EntityMetadata): Shapes {
  const shapes: Shapes = new Map();
  shapesOf.set(metadata, shapes);
  return shapes;
}

function remember(shapes: Shapes, key: string, read: CompiledRead | string): void {
  if (shapes.size >= MOST_SHAPES) shapes.delete(shapes.keys().next().value as string);
  shapes.set(key, read);
}
