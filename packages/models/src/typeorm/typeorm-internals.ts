import {
  BaseEntity,
  DataSource,
  InsertQueryBuilder,
  QueryBuilder,
  SelectQueryBuilder,
} from 'typeorm';
import { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js';
import { EntityPersistExecutor } from 'typeorm/persistence/EntityPersistExecutor.js';
import { SubjectExecutor } from 'typeorm/persistence/SubjectExecutor.js';
import { RelationLoader } from 'typeorm/query-builder/RelationLoader.js';
import { Broadcaster } from 'typeorm/subscriber/Broadcaster.js';
import { stockExecute } from './graph-hooks.ts';
import { TypeormChangedError } from '../data-source-errors.ts';

/** A class of TypeORM and the methods of it that we override, call or rely on being called. */
type Reliance = readonly [owner: { readonly name: string; prototype: object }, methods: string];

const METHODS: readonly Reliance[] = [
  [DataSource, 'initialize destroy createQueryRunner createQueryBuilder createEntityManager'],
  [DataSource, 'buildMetadatas findMetadata setOptions'],
  [MysqlDriver, 'connect disconnect createQueryRunner obtainMasterConnection'],
  [MysqlDriver, 'obtainSlaveConnection createGeneratedMap isReturningSqlSupported'],
  [MysqlDriver, 'createConnectionOptions'],
  [MysqlQueryRunner, 'connect release query stream startTransaction commitTransaction'],
  [MysqlQueryRunner, 'rollbackTransaction'],
  [SelectQueryBuilder, 'executeEntitiesAndRawResults obtainQueryRunner'],
  [InsertQueryBuilder, 'execute getValueSets'],
  [SelectQueryBuilder, 'createWhereExpression createJoinExpression createFromAlias join'],
  [
    QueryBuilder,
    'getParameters obtainQueryRunner select insert update delete softDelete restore relation',
  ],
  [SubjectExecutor, 'execute recompute executeInsertOperations'],
  [SubjectExecutor, 'updateSpecialColumnsInPersistedEntities'],
  [EntityPersistExecutor, 'execute'],
  [RelationLoader, 'load enableLazyLoad'],
  [BaseEntity, 'reload'],
  [Broadcaster, 'broadcast broadcastLoadEvent broadcastBeforeInsertEvent'],
];

/** Calls inside TypeORM's own methods without which an override of ours would never be reached. */
const CALLS: readonly (readonly [method: object, calls: RegExp, meaning: string])[] = [
  [source(SelectQueryBuilder, 'getRawAndEntities'), /obtainQueryRunner\(/, 'select takes a runner'],
  [source(SelectQueryBuilder, 'from'), /createFromAlias\(/, 'tables are entities first'],
  [source(SelectQueryBuilder, 'leftJoin'), /this\.join\(/, 'joins are made in one place'],
  [source(QueryBuilder, 'insert'), /queryBuilderRegistry/, 'builders come from a registry'],
  [source(EntityPersistExecutor, 'execute'), /executor\.execute\(/, 'graphs pass SubjectExecutor'],
  [stockExecute() as object, /this\.executeInsertOperations\(/, 'graphs insert first'],
  [
    stockExecute() as object,
    /this\.updateSpecialColumnsInPersistedEntities\(/,
    'graphs end with their columns',
  ],
  ...['Insert', 'Update', 'Remove', 'SoftRemove', 'Recover'].map(
    (kind) =>
      [
        source(SubjectExecutor, `execute${kind}Operations`),
        /this\.queryRunner\.manager\s*\.createQueryBuilder\(/,
        `graphs ${kind.toLowerCase()} by their runner’s manager`,
      ] as const,
  ),
  [source(MysqlQueryRunner, 'query'), /this\.connect\(/, 'statements take the connection'],
  [source(MysqlQueryRunner, 'query'), /\.promise\(\)/, 'statements use promises'],
];

function source(owner: { prototype: object }, method: string): object {
  return ((owner.prototype as Record<string, unknown>)[method] as object | undefined) ?? {};
}

/** What this TypeORM lacks or has changed of what we rely on; empty when all is as it was. */
export function changedInternals(driver: object): string[] {
  const methods = METHODS.flatMap(([owner, names]) =>
    names
      .split(' ')
      .filter((name) => typeof (owner.prototype as Record<string, unknown>)[name] !== 'function')
      .map((name) => `${owner.name}.${name}()`),
  );
  const calls = CALLS.filter(([method, call]) => !call.test(String(method))).map(
    ([, , meaning]) => meaning,
  );
  const fields = ['_isReturningSqlSupported', 'uuidColumnTypeSuported', 'cteCapabilities'].filter(
    (field) => !(field in driver),
  );
  const registry = 'queryBuilderRegistry' in QueryBuilder ? [] : ['QueryBuilder’s registry'];
  return [...methods, ...calls, ...fields.map((field) => `MysqlDriver.${field}`), ...registry];
}

/** Refuses to start on another TypeORM than the one that this was built on. @throws TypeormChangedError */
export function checkInternals(driver: object): void {
  const changed = changedInternals(driver);
  if (changed.length > 0) throw new TypeormChangedError(changed);
}
