import { afterEach, describe, expect, it } from 'vitest';
import { DataSource, QueryBuilder, SelectQueryBuilder } from 'typeorm';
import { MysqlQueryRunner } from 'typeorm/driver/mysql/MysqlQueryRunner.js';
import { EntityPersistExecutor } from 'typeorm/persistence/EntityPersistExecutor.js';
import { SubjectExecutor } from 'typeorm/persistence/SubjectExecutor.js';
import { changedInternals, checkInternals } from './typeorm-internals.ts';

const { driver } = new DataSource({ type: 'mysql', database: 'x' });
const undo: (() => void)[] = [];
afterEach(() => undo.splice(0).forEach((back) => back()));

function replace(owner: object, name: string, value: unknown): void {
  const own = Object.getOwnPropertyDescriptor(owner, name);
  undo.push(() => {
    if (own === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, own);
  });
  Object.defineProperty(owner, name, { value, writable: true, configurable: true });
}

/** Each call that is tried, and a method of a TypeORM that does not make it any more. */
const CHANGES: [string, { prototype: object }, string][] = [
  ['select takes a runner', SelectQueryBuilder, 'getRawAndEntities'],
  ['joins are made in one place', SelectQueryBuilder, 'leftJoin'],
  ['builders come from a registry', QueryBuilder, 'insert'],
  ['graphs pass SubjectExecutor', EntityPersistExecutor, 'execute'],
  ['graphs insert by their runner’s manager', SubjectExecutor, 'executeInsertOperations'],
  ['graphs update by their runner’s manager', SubjectExecutor, 'executeUpdateOperations'],
  ['graphs remove by their runner’s manager', SubjectExecutor, 'executeRemoveOperations'],
  ['graphs softremove by their runner’s manager', SubjectExecutor, 'executeSoftRemoveOperations'],
  ['graphs recover by their runner’s manager', SubjectExecutor, 'executeRecoverOperations'],
];

describe('the internals of TypeORM that a sharded data source relies on', () => {
  it('are all there in the installed release', async () => {
    expect(await changedInternals(driver)).toEqual([]);
  });

  it('are missed by name, and start-up is then refused with TYPEORM_CHANGED', async () => {
    replace(SelectQueryBuilder.prototype, 'executeEntitiesAndRawResults', undefined);
    replace(SubjectExecutor.prototype, 'recompute', undefined);
    const missing = [
      'SelectQueryBuilder.executeEntitiesAndRawResults()',
      'SubjectExecutor.recompute()',
    ];
    expect(await changedInternals(driver)).toEqual(missing);
    await expect(checkInternals(driver)).rejects.toMatchObject({
      code: 'TYPEORM_CHANGED',
      changed: missing,
    });
  });

  it('are missed on a driver that keeps its capabilities elsewhere', async () => {
    expect(await changedInternals({ cteCapabilities: {}, uuidColumnTypeSuported: false })).toEqual([
      'MysqlDriver._isReturningSqlSupported',
    ]);
  });

  it.each(CHANGES)('are tried: %s', async (meaning, { prototype }, name) => {
    replace(prototype, name, () => Promise.resolve());
    expect(await changedInternals(driver)).toEqual([meaning]);
  });

  it('are tried: tables are entities first', async () => {
    const { from } = SelectQueryBuilder.prototype;
    replace(
      SelectQueryBuilder.prototype,
      'from',
      function (this: SelectQueryBuilder<object>, ...args: Parameters<typeof from>) {
        Reflect.deleteProperty(this, 'createFromAlias'); // takes the stock one, and no override
        return from.apply(this, args);
      },
    );
    expect(await changedInternals(driver)).toEqual(['tables are entities first']);
  });

  it('are tried: the first and the last step of a graph', async () => {
    replace(
      SubjectExecutor.prototype,
      'execute',
      async function (this: Record<string, () => Promise<void>>) {
        await this['executeUpdateOperations']?.();
        await this['executeInsertOperations']?.();
      },
    );
    expect(await changedInternals(driver)).toEqual([
      'graphs pass SubjectExecutor',
      'graphs insert first',
      'graphs end with their columns',
    ]);
  });

  it('are tried: a statement takes its runner’s connection, and promises of it', async () => {
    replace(MysqlQueryRunner.prototype, 'query', () => Promise.resolve([]));
    expect(await changedInternals(driver)).toEqual([
      'statements take the connection',
      'statements use promises',
    ]);
  });

  it.each([
    [SelectQueryBuilder, 'getRawAndEntities'],
    [SubjectExecutor, 'executeInsertOperations'],
    [MysqlQueryRunner, 'query'],
  ])('are found whatever the text of the methods is: %o.%s() wrapped', async (owner, name) => {
    const prototype = owner.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
    const stock = prototype[name];
    replace(prototype, name, function (this: unknown, ...args: unknown[]) {
      return stock?.apply(this, args);
    });
    expect(await changedInternals(driver)).toEqual([]);
  });
});
