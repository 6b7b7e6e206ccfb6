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
import { TypeormChangedError } from '../data-source-errors.ts';
import { changedBehaviour } from './typeorm-probes.ts';

/** The classes that hold them. Named here, because a minified bundle changes the names of classes. */
const CLASSES = {
  BaseEntity,
  Broadcaster,
  DataSource,
  EntityPersistExecutor,
  InsertQueryBuilder,
  MysqlDriver,
  MysqlQueryRunner,
  QueryBuilder,
  RelationLoader,
  SelectQueryBuilder,
  SubjectExecutor,
} as const;

/** A class of TypeORM and the methods of it that we override, call or rely on being called. */
type Reliance = readonly [owner: keyof typeof CLASSES, methods: string];

const METHODS: readonly Reliance[] = [
  ['DataSource', 'initialize destroy createQueryRunner createQueryBuilder createEntityManager'],
  ['DataSource', 'buildMetadatas findMetadata setOptions'],
  ['MysqlDriver', 'connect disconnect createQueryRunner obtainMasterConnection'],
  ['MysqlDriver', 'obtainSlaveConnection createGeneratedMap isReturningSqlSupported'],
  ['MysqlDriver', 'createConnectionOptions'],
  ['MysqlQueryRunner', 'connect release query stream startTransaction commitTransaction'],
  ['MysqlQueryRunner', 'rollbackTransaction'],
  ['SelectQueryBuilder', 'executeEntitiesAndRawResults obtainQueryRunner getRawAndEntities'],
  ['InsertQueryBuilder', 'execute getValueSets'],
  ['SelectQueryBuilder', 'createWhereExpression createJoinExpression createFromAlias join'],
  [
    'QueryBuilder',
    'getParameters obtainQueryRunner select insert update delete softDelete restore relation',
  ],
  ['SubjectExecutor', 'execute recompute executeInsertOperations'],
  ['SubjectExecutor', 'updateSpecialColumnsInPersistedEntities'],
  ['EntityPersistExecutor', 'execute'],
  ['RelationLoader', 'load enableLazyLoad'],
  ['BaseEntity', 'reload'],
  ['Broadcaster', 'broadcast broadcastLoadEvent broadcastBeforeInsertEvent'],
];

/** What this TypeORM lacks or has changed of what we rely on; empty when all is as it was. */
export async function changedInternals(driver: object): Promise<string[]> {
  const methods = METHODS.flatMap(([owner, names]) => {
    const prototype = CLASSES[owner].prototype as unknown as Record<string, unknown>;
    return names
      .split(' ')
      .filter((name) => typeof prototype[name] !== 'function')
      .map((name) => `${owner}.${name}()`);
  });
  const fields = ['_isReturningSqlSupported', 'uuidColumnTypeSuported', 'cteCapabilities'].filter(
    (field) => !(field in driver),
  );
  const registry = 'queryBuilderRegistry' in QueryBuilder ? [] : ['QueryBuilder’s registry'];
  const lacking = [...methods, ...fields.map((field) => `MysqlDriver.${field}`), ...registry];
  // Without a method, all the calls to it are missing as well: its name says more.
  return lacking.length > 0 ? lacking : changedBehaviour();
}

/** Refuses to start on another TypeORM than the one that this was built on. @throws TypeormChangedError */
export async function checkInternals(driver: object): Promise<void> {
  const changed = await changedInternals(driver);
  if (changed.length > 0) throw new TypeormChangedError(changed);
}
