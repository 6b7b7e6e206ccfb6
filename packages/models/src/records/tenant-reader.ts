import type { EntityMetadata, QueryRunner } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { escapeIdentifier } from '../system/escape-identifier.ts';
import { asText, prepared, readText } from './tenant-value.ts';
import { tenantPathOf, type TenantPath } from './tenant-path.ts';

/** Rows asked for in one query; beyond it, more queries. */
const MOST_KEYS = 1000;

/** Values of some columns that name a row: a primary key, or what a join column refers to. */
export interface RowKey {
  readonly metadata: EntityMetadata;
  readonly columns: readonly ColumnMetadata[];
  /** As the driver takes them, in the order of the columns. */
  readonly values: readonly unknown[];
}

/** The tenants of rows, as the database knows them. `null`: no such row. `undefined`: no tenant. */
export type FoundTenants = ReadonlyMap<RowKey, string | null | undefined>;

/**
 * Asks the database whose the rows are: one query per entity and kind of key, whatever the number
 * of rows. The rows' own word is taken, not that of the objects that claim to be them.
 */
export async function readTenants(
  runner: QueryRunner,
  keys: readonly RowKey[],
  options: { current?: boolean } = {},
): Promise<FoundTenants> {
  const found = new Map<RowKey, string | null | undefined>();
  // A snapshot may be older than the rows that this transaction has just met.
  const lock = options.current === true ? ' LOCK IN SHARE MODE' : '';
  for (const group of groupsOf(keys)) {
    for (let at = 0; at < group.length; at += MOST_KEYS) {
      for (const [key, tenant] of await readGroup(runner, group.slice(at, at + MOST_KEYS), lock)) {
        found.set(key, tenant);
      }
    }
  }
  return found;
}

function groupsOf(keys: readonly RowKey[]): RowKey[][] {
  const groups = new Map<string, RowKey[]>();
  for (const key of keys) {
    const columns = key.columns.map(({ databaseName }) => databaseName).join();
    const name = `${key.metadata.tablePath}(${columns})`;
    groups.set(name, [...(groups.get(name) ?? []), key]);
  }
  return [...groups.values()];
}

async function readGroup(
  runner: QueryRunner,
  keys: readonly RowKey[],
  lock: string,
): Promise<[RowKey, string | null | undefined][]> {
  const [first] = keys;
  const path = first === undefined ? undefined : tenantPathOf(first.metadata);
  if (first === undefined || path === undefined) return [];
  const sql = selectTenants(first, path, keys.length) + lock;
  const parameters = keys.flatMap(({ values }) => values);
  const rows = (await runner.query(sql, parameters)) as Record<string, unknown>[];
  const byKey = new Map(rows.map((row) => [keyOf(row, first.columns.length), row['tenant']]));
  return keys.map((key) => {
    const name = key.values.map((value) => comparable(value)).join('\0');
    return [
      key,
      byKey.has(name) ? readText(runner.dataSource.driver, path.column, byKey.get(name)) : null,
    ];
  });
}

function selectTenants(key: RowKey, path: TenantPath, count: number): string {
  const columns = key.columns.map(({ databaseName }) => column('r', databaseName));
  const selected = columns.map((name, i) => `${name} AS k${i}`).join(', ');
  const last = path.steps.length === 0 ? 'r' : `o${path.steps.length - 1}`;
  const tenant = `${column(last, path.column.databaseName)} AS tenant`;
  const one = columns.length === 1 ? '?' : `(${columns.map(() => '?').join(', ')})`;
  const left = columns.length === 1 ? columns.join() : `(${columns.join(', ')})`;
  return (
    `SELECT ${selected}, ${tenant} FROM ${table(key.metadata.tablePath)} r${joins(path)} ` +
    `WHERE ${left} IN (${Array.from({ length: count }, () => one).join(', ')})`
  );
}

function joins(path: TenantPath): string {
  return path.steps
    .map(({ columns, owner, ownerColumns }, i) => {
      const row = i === 0 ? 'r' : `o${i - 1}`;
      const on = columns.map(
        ({ databaseName }, c) =>
          `${column(`o${i}`, ownerColumns[c]?.databaseName ?? '')} = ${column(row, databaseName)}`,
      );
      return ` LEFT JOIN ${table(owner.tablePath)} o${i} ON ${on.join(' AND ')}`;
    })
    .join('');
}

function column(row: string, name: string): string {
  return `${row}.${escapeIdentifier(name)}`;
}

/** A table path may name a database: `db.table`. */
export function table(path: string): string {
  return path.split('.').map(escapeIdentifier).join('.');
}

function keyOf(row: Record<string, unknown>, columns: number): string {
  return Array.from({ length: columns }, (_, i) => comparable(row[`k${i}`])).join('\0');
}

/** Most collations, and the type UUID, find `a` under `A`; what was found must be recognised. */
function comparable(value: unknown): string | undefined {
  return asText(value)?.toLowerCase().trimEnd();
}

/** The key of a row by its primary columns; undefined where the object does not name them all. */
export function primaryKeyOf(
  runner: QueryRunner,
  metadata: EntityMetadata,
  idMap: object,
): RowKey | undefined {
  const values = metadata.primaryColumns.map((primary) =>
    prepared(runner.dataSource.driver, primary, primary.getEntityValue(idMap)),
  );
  if (values.some((value) => value === undefined)) return undefined;
  return { metadata, columns: metadata.primaryColumns, values };
}
