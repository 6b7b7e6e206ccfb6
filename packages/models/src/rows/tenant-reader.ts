import type { QueryRunner } from 'typeorm';
import { columnOf, rowsByKey, tableOf, type RowKey } from './row-key.ts';
import { tenantPathOf, type TenantPath } from '../declarations/tenant-path.ts';
import { readText } from './tenant-value.ts';

/** Rows asked for in one query; beyond it, more queries. */
const MOST_KEYS = 1000;

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
  const path = keys[0] === undefined ? undefined : tenantPathOf(keys[0].metadata);
  if (path === undefined) return [];
  const { driver } = runner.dataSource;
  const last = path.steps.length === 0 ? 'r' : `o${path.steps.length - 1}`;
  const select = `${columnOf(last, path.column.databaseName)} AS tenant`;
  const rows = await rowsByKey(runner, keys, { select, joins: joins(path), lock });
  return keys.map((key) => {
    const row = rows.get(key);
    return [key, row === undefined ? null : readText(driver, path.column, row['tenant'])];
  });
}

function joins(path: TenantPath): string {
  return path.steps
    .map(({ columns, owner, ownerColumns }, i) => {
      const row = i === 0 ? 'r' : `o${i - 1}`;
      const on = columns.map(
        ({ databaseName }, c) =>
          `${columnOf(`o${i}`, ownerColumns[c]?.databaseName ?? '')} = ${columnOf(row, databaseName)}`,
      );
      return ` LEFT JOIN ${tableOf(owner.tablePath)} o${i} ON ${on.join(' AND ')}`;
    })
    .join('');
}
