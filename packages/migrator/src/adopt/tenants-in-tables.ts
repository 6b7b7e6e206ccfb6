import { problemOfCollation } from '@switchyard/models';
import { escapeIdentifier } from '@switchyard/mysql';
import type { TenantNames } from '@switchyard/shard-context';
import { printName } from '@switchyard/shard-context/internal';
import type { Connection } from 'mysql2/promise';
import type { NamedColumn } from '../lint/tenant-columns.ts';
import { rowsOf } from '../server/connection.ts';
import { AdoptionRefusedError } from './adopt-errors.ts';

/** Most names that a message lists. */
const LISTED = 20;
const BYTES = new Set(['binary', 'varbinary']);

/** A column as the database has it. */
interface FoundColumn {
  readonly type: string;
  /** Null for numbers and bytes. */
  readonly collation: string | null;
}

/**
 * Refuses a database whose tenant columns take two names for one, or hold names that the fleet does
 * not allow: once it is a shard, those rows could be read by another tenant, or by none. Reads each
 * tenant column once, whole.
 * @throws AdoptionRefusedError listing the names
 */
export async function refuseUnsoundNames(
  connection: Connection,
  columns: readonly NamedColumn[],
  names: TenantNames,
  shard: string,
): Promise<void> {
  for (const column of columns) {
    const found = await findColumn(connection, column);
    if (found === undefined) continue; // a migration that is still to run makes it
    refuseCollation(column, found, names, shard);
    if (column.isTransformed || BYTES.has(found.type)) continue;
    const kept = await namesIn(connection, column);
    refuseNames(
      kept.map(({ name }) => name),
      names,
      { shard, where: pathOf(column) },
    );
    refuseAlike(column, kept, shard);
  }
}

/** @throws AdoptionRefusedError listing those that the fleet does not allow */
export function refuseNames(
  tenants: readonly string[],
  names: TenantNames,
  { shard, where }: { shard: string; where: string },
): void {
  const refused = tenants.filter((tenant) => !names.allows(tenant));
  if (refused.length === 0) return;
  throw new AdoptionRefusedError(
    shard,
    `${where} has names that the fleet does not allow for tenants (${list(refused)}): ${names.problemOf(refused[0])}`,
    'Rename these tenants, or declare the names of the fleet: tenantNames of the topology',
  );
}

function refuseCollation(
  column: NamedColumn,
  { collation }: FoundColumn,
  names: TenantNames,
  shard: string,
): void {
  const problem = collation === null ? undefined : problemOfCollation(collation, names);
  if (problem === undefined) return;
  const remedy = 'Give the column a collation that ends in _bin, by a migration, and adopt then';
  throw new AdoptionRefusedError(shard, `of ${pathOf(column)}: ${problem}`, remedy);
}

/** Names that the column takes for one, although they differ. */
function refuseAlike(column: NamedColumn, kept: readonly KeptName[], shard: string): void {
  const alike = kept.filter(({ name, like }) => name !== like);
  if (alike.length === 0) return;
  const pairs = alike.map(({ name, like }) => `${printName(name)} = ${printName(like)}`);
  throw new AdoptionRefusedError(
    shard,
    `${pathOf(column)} takes different tenants for one: ${pairs.slice(0, LISTED).join(', ')}`,
    'Rename these tenants, or give the column a collation that ends in _bin',
  );
}

/** A name, and the first of those that the column takes for the same. */
interface KeptName {
  readonly name: string;
  readonly like: string;
}

async function namesIn(
  connection: Connection,
  { table, column }: NamedColumn,
): Promise<readonly KeptName[]> {
  const kept = escapeIdentifier(column);
  const rows = await rowsOf<{ name: unknown; alike: unknown }>(
    connection,
    `SELECT name, MIN(name) OVER (PARTITION BY kept) AS alike FROM (
       SELECT DISTINCT ${kept} AS kept, CAST(CONVERT(${kept} USING utf8mb4) AS BINARY) AS name
       FROM ${escapeIdentifier(table)} WHERE ${kept} IS NOT NULL) AS names
     ORDER BY name`,
  );
  return rows.map(({ name, alike }) => ({ name: String(name), like: String(alike) }));
}

async function findColumn(
  connection: Connection,
  { table, column }: NamedColumn,
): Promise<FoundColumn | undefined> {
  const [found] = await rowsOf<FoundColumn>(
    connection,
    `SELECT DATA_TYPE AS type, COLLATION_NAME AS collation FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ?`,
    [table, column],
  );
  return found;
}

function list(names: readonly string[]): string {
  const more = names.length > LISTED ? `, and ${names.length - LISTED} more` : '';
  return names.slice(0, LISTED).map(printName).join(', ') + more;
}

function pathOf({ table, column }: NamedColumn): string {
  return `${table}.${column}`;
}
