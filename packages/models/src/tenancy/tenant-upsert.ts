import type { EntityMetadata, InsertQueryBuilder, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import { TenantMismatchError, TenantUncheckableError } from '../record-errors.ts';
import { boundTenant, tenantPredicate } from './tenant-criteria.ts';
import { valueSetsOf } from './tenant-insert.ts';
import { tenantPathOf, type TenantPath } from '../declarations/tenant-path.ts';
import { tableOf, type RowKey } from '../rows/row-key.ts';
import { readTenants } from '../rows/tenant-reader.ts';
import type { TenantRunner } from './tenant-runner.ts';
import { prepared } from '../rows/tenant-value.ts';

const ON_DUPLICATE = ' ON DUPLICATE KEY UPDATE ';
const PARAMETER = 'switchyard_tenant';

/**
 * An upsert may meet a row of another tenant under any unique key, not only under the one that the
 * caller thought of. Each assignment is guarded, so that such a row stays as it is; afterwards
 * `verifyUpsert` finds it and the transaction is rolled back.
 * @returns true where the statement can change existing rows
 * @throws TenantUncheckableError
 */
export function guardUpsert(
  builder: InsertQueryBuilder<ObjectLiteral>,
  metadata: EntityMetadata,
  runner: TenantRunner,
): boolean {
  const path = tenantPathOf(metadata);
  if (path === undefined || !changesRows(builder)) return false;
  const { overwrite, columns = [] } = builder.expressionMap.onUpdate ?? {};
  const expected = Array.isArray(overwrite)
    ? overwrite.map((name) => [name, `VALUES(${escapeIdentifier(name)})`] as const)
    : columns.map((name) => [name, `:${name}`] as const);
  rewrite(builder, metadata, { path, expected, runner });
  builder.setParameter(PARAMETER, boundTenant(path, runner));
  const keys = valueSetsOf(builder).flatMap((row) => uniqueKeysOf(metadata, row, runner));
  askedKeys.set(builder, keys);
  return true;
}

/** Taken before the statement: on MySQL, TypeORM then writes ids into the rows that it guessed. */
const askedKeys = new WeakMap<object, readonly RowKey[]>();

/** True for a statement that assigns columns of rows that exist; orIgnore() leaves them alone. */
export function changesRows({ expressionMap }: InsertQueryBuilder<ObjectLiteral>): boolean {
  const { overwrite, columns } = expressionMap.onUpdate ?? {};
  return (overwrite?.length ?? 0) > 0 || (columns?.length ?? 0) > 0;
}

interface Guard {
  readonly path: TenantPath;
  /** Column and value of each assignment, as TypeORM writes them. */
  readonly expected: readonly (readonly [string, string])[];
  readonly runner: TenantRunner;
}

/** TypeORM offers no place to say what an assignment is; the text it makes is known exactly. */
function rewrite(
  builder: InsertQueryBuilder<ObjectLiteral>,
  metadata: EntityMetadata,
  { path, expected, runner }: Guard,
): void {
  const owned = tenantPredicate(path, `:${PARAMETER}`, `${tableOf(metadata.tablePath)}.`);
  const written = expected.map(([name, value]) => `${escapeIdentifier(name)} = ${value}`);
  const guarded = expected.map(([name, value]) => {
    const column = escapeIdentifier(name);
    return `${column} = IF(${owned}, ${value}, ${tableOf(metadata.tablePath)}.${column})`;
  });
  const makeQuery = builder.getQuery.bind(builder);
  builder.getQuery = () => {
    const sql = makeQuery();
    const at = sql.lastIndexOf(ON_DUPLICATE + written.join(', '));
    if (at === -1) {
      const reason = 'its ON DUPLICATE KEY UPDATE is not what TypeORM is known to write';
      throw new TenantUncheckableError(`upsert ${metadata.name}`, runner.place.shard, reason);
    }
    const end = at + ON_DUPLICATE.length + written.join(', ').length;
    return sql.slice(0, at) + ON_DUPLICATE + guarded.join(', ') + sql.slice(end);
  };
}

/**
 * Finds the rows that an upsert met under a unique key and left alone, because they are another
 * tenant's. Runs in the upsert's transaction, which ends with the error.
 * @throws TenantMismatchError
 */
export async function verifyUpsert(
  builder: InsertQueryBuilder<ObjectLiteral>,
  metadata: EntityMetadata,
  runner: TenantRunner,
): Promise<void> {
  const found = await readTenants(runner, askedKeys.get(builder) ?? [], { current: true });
  for (const owner of found.values()) {
    if (owner === null || owner === runner.place.tenant) continue;
    throw new TenantMismatchError({
      attempted: `upsert ${metadata.name}`,
      shard: runner.place.shard,
      tenant: runner.place.tenant,
      found: owner,
      what: `the ${metadata.name} with the same unique key`,
    });
  }
}

function uniqueKeysOf(
  metadata: EntityMetadata,
  row: ObjectLiteral,
  { dataSource }: TenantRunner,
): RowKey[] {
  const keys: ColumnMetadata[][] = [
    metadata.primaryColumns,
    ...metadata.uniques.map(({ columns }) => columns),
    ...metadata.indices.filter(({ isUnique }) => isUnique).map(({ columns }) => columns),
  ];
  return keys.flatMap((columns) => {
    const values = columns.map((column) =>
      prepared(dataSource.driver, column, column.getEntityValue(row)),
    );
    const named = values.every((value) => value !== undefined && typeof value !== 'function');
    return named ? [{ metadata, columns, values }] : [];
  });
}
