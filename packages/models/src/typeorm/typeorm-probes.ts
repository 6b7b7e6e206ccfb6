import {
  DataSource,
  EntitySchema,
  QueryBuilder,
  SelectQueryBuilder,
  type EntityMetadata,
  type QueryRunner,
} from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js';
import { EntityPersistExecutor } from 'typeorm/persistence/EntityPersistExecutor.js';
import { Subject } from 'typeorm/persistence/Subject.js';
import { SubjectExecutor } from 'typeorm/persistence/SubjectExecutor.js';
import { ShardQueryRunner } from '../runner/shard-query-runner.ts';
import { installGraphHooks } from './graph-hooks.ts';

/** Methods by their names; TypeORM's typings hide those that are overridden here. */
type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Answers whether TypeORM calls what an override of ours takes the place of. */
type Probe = (source: DataSource, metadata: EntityMetadata) => boolean | Promise<boolean>;

/** Thrown by the overrides of a probe, and stops TypeORM there: a probe sends nothing. */
const REACHED = new Error('reached');
const reached = (): never => {
  throw REACHED;
};

const ENTITY = new EntitySchema({
  name: 'SwitchyardProbe',
  columns: {
    id: { type: Number, primary: true },
    goneAt: { type: Date, deleteDate: true },
  },
});

/**
 * The calls inside TypeORM's methods without which an override of ours would never be reached. Each
 * is tried, and not read from the method's text: the text is another one in a minified bundle and
 * under an instrumentation that wraps the method.
 */
const PROBES: Readonly<Record<string, Probe>> = {
  'select takes a runner': (source) =>
    reaches(() => method(select(source, 'obtainQueryRunner'), 'getRawAndEntities')()),
  'tables are entities first': (source) =>
    reaches(() => method(builder(source, 'createFromAlias'), 'from')(ENTITY, 'p')),
  'joins are made in one place': (source) =>
    reaches(() => method(select(source, 'join'), 'leftJoin')('p.q', 'q')),
  'builders come from a registry': (source) => turnsByRegistry(source),
  'graphs pass SubjectExecutor': (source) => graphPassesExecutor(source),
  'graphs insert first': async (source) =>
    (await stepsOfGraph(source))[0] === 'executeInsertOperations',
  'graphs end with their columns': async (source) =>
    (await stepsOfGraph(source)).at(-1) === 'updateSpecialColumnsInPersistedEntities',
  'graphs insert by their runner’s manager': writesByManager('Insert'),
  'graphs update by their runner’s manager': writesByManager('Update'),
  'graphs remove by their runner’s manager': writesByManager('Remove'),
  'graphs softremove by their runner’s manager': writesByManager('SoftRemove'),
  'graphs recover by their runner’s manager': writesByManager('Recover'),
  'statements take the connection': (source) =>
    reaches(() => runnerWith(source, reached).query('SELECT 1')),
  'statements use promises': (source) => answersByPromise(source),
};

/**
 * What this TypeORM does otherwise than a sharded data source relies on; empty when all is as it
 * was. Works on a data source of its own without a connection; no statement is sent or logged.
 */
export async function changedBehaviour(): Promise<string[]> {
  installGraphHooks();
  const source = new DataSource({ type: 'mysql', database: '-', entities: [ENTITY] });
  await (source as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
  const metadata = source.getMetadata(ENTITY);
  const changed: string[] = [];
  for (const [meaning, probe] of Object.entries(PROBES)) {
    if (!(await holds(() => probe(source, metadata)))) changed.push(meaning);
  }
  return changed;
}

/** A probe that fails on the way has not reached the override: TypeORM goes another way now. */
async function holds(probe: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await probe();
  } catch {
    return false;
  }
}

/** True where the call comes to an override that throws `REACHED`. */
async function reaches(call: () => unknown): Promise<boolean> {
  try {
    await call();
    return false;
  } catch (error) {
    return error === REACHED;
  }
}

function builder(source: DataSource, overridden: string): object {
  return Object.assign(new SelectQueryBuilder(source), { [overridden]: reached });
}

function select(source: DataSource, overridden: string): object {
  return Object.assign(new SelectQueryBuilder(source).select('p').from(ENTITY, 'p'), {
    [overridden]: reached,
  });
}

/** OpenTelemetry keeps the method that it wraps as `__original`: asked itself, it makes no span. */
function method(owner: object, name: string): (...args: unknown[]) => unknown {
  const found = (owner as Methods)[name] as Methods[string] & { __original?: Methods[string] };
  return (found.__original ?? found).bind(owner);
}

/** TypeORM's registry is one for the process: replaced for a synchronous moment only. */
function turnsByRegistry(source: DataSource): boolean {
  const home = QueryBuilder as unknown as { queryBuilderRegistry: object };
  const registry = home.queryBuilderRegistry;
  const turned = {};
  home.queryBuilderRegistry = { InsertQueryBuilder: () => turned };
  try {
    return (new SelectQueryBuilder(source).insert() as unknown) === turned;
  } finally {
    home.queryBuilderRegistry = registry;
  }
}

/** The hook of graphs enters the place of its runner: that of this one is where the probe ends. */
function graphPassesExecutor(source: DataSource): Promise<boolean> {
  const runner = Object.create(ShardQueryRunner.prototype) as ShardQueryRunner;
  const values = { dataSource: source, data: {}, isTransactionActive: true, inPlace: reached };
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(runner, name, { value, writable: true });
  }
  const entity = { id: undefined, goneAt: null };
  const target = ENTITY as unknown as string;
  return reaches(() => new EntityPersistExecutor(source, runner, 'save', target, entity).execute());
}

/** The overridden steps of a graph without rows, in the order in which they are called. */
async function stepsOfGraph(source: DataSource): Promise<string[]> {
  const executor = executorOf(source, reached);
  const steps: string[] = [];
  for (const step of ['Insert', 'Update', 'Remove', 'SoftRemove', 'Recover']) {
    executor[`execute${step}Operations`] = () =>
      Promise.resolve(steps.push(`execute${step}Operations`));
  }
  executor['updateSpecialColumnsInPersistedEntities'] = () =>
    steps.push('updateSpecialColumnsInPersistedEntities');
  await executor['execute']?.();
  return steps;
}

function writesByManager(kind: string): Probe {
  return (source, metadata) => {
    const executor = executorOf(source, reached);
    const entity = { id: 1, goneAt: null };
    const subject = new Subject({ metadata, entity, identifier: { id: 1 } });
    const list = `${kind[0]?.toLowerCase()}${kind.slice(1)}Subjects`;
    Object.assign(executor, { [list]: [subject] });
    return reaches(() => executor[`execute${kind}Operations`]?.());
  };
}

/** TypeORM's executor of a graph without rows; its runner's manager makes builders by `make`. */
function executorOf(source: DataSource, make: () => never): Methods {
  const manager = { createQueryBuilder: make };
  const runner = { dataSource: source, connection: source, manager } as unknown as QueryRunner;
  return new SubjectExecutor(runner, [], { listeners: false }) as unknown as Methods;
}

function runnerWith(source: DataSource, connect: () => unknown): MysqlQueryRunner {
  const runner = new MysqlQueryRunner(source.driver as MysqlDriver, 'master');
  return Object.assign(runner, { connect });
}

async function answersByPromise(source: DataSource): Promise<boolean> {
  const rows: unknown[] = [];
  const promise = () => ({ query: () => Promise.resolve([rows, []]) });
  return (await runnerWith(source, () => ({ promise })).query('SELECT 1')) === rows;
}
