import type { Connection } from 'mysql2/promise';
import { TableNotCopyableError } from '../session/copier-errors.ts';
import { rowsOf } from '../session/queries.ts';
import { readIncarnation } from './incarnation.ts';
import { readColumns } from './read-columns.ts';
import type { Column, TableDescription, UniqueKey } from './table.ts';

interface TableRow {
  readonly databaseName: string;
  readonly type: string;
  readonly engine: string | null;
}

interface IndexRow {
  readonly name: string;
  readonly columnName: string | null;
  readonly prefix: number | null;
}

const TABLE = `SELECT TABLE_SCHEMA AS databaseName, TABLE_TYPE AS type, ENGINE AS engine
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`;
const UNIQUE_KEYS = `SELECT INDEX_NAME AS name, COLUMN_NAME AS columnName, SUB_PART AS prefix
  FROM information_schema.STATISTICS
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND NON_UNIQUE = 0
  ORDER BY INDEX_NAME, SEQ_IN_INDEX`;

/** Equality and order of these are exact on the server; those of FLOAT, JSON and shapes are not. */
const KEY_FAMILIES = new Set([
  ...['integer', 'decimal', 'year', 'date', 'time', 'datetime', 'timestamp', 'text', 'bytes'],
  ...['bit', 'enum', 'set', 'printed', 'double'],
]);

/**
 * Describes a table of the session's database.
 * @throws TableNotCopyableError where it cannot be carried exactly
 */
export async function readTable(session: Connection, name: string): Promise<TableDescription> {
  const [table] = await rowsOf<TableRow>(session, TABLE, [name]);
  refuseUnlessPlain(name, table);
  const { columns, unknown } = await readColumns(session, name);
  if (unknown.length > 0) {
    const reason = `the copier does not know the type of ${unknown.join(', ')}`;
    throw new TableNotCopyableError(name, reason, 'Change this table with its writers stopped');
  }
  const uniqueKeys = await readUniqueKeys(session, name, columns);
  const key = chooseKey(name, uniqueKeys);
  return {
    database: table!.databaseName,
    name,
    columns,
    key: key.parts.map(({ column }) => column),
    keyIndex: key.name,
    uniqueKeys,
    incarnation: await readIncarnation(session, name),
  };
}

function refuseUnlessPlain(name: string, table: TableRow | undefined): void {
  const refuse = (reason: string, remedy: string) => {
    throw new TableNotCopyableError(name, reason, remedy);
  };
  if (table === undefined) return refuse('there is no such table', 'Correct the name');
  if (table.type !== 'BASE TABLE') {
    return refuse(`it is a ${table.type.toLowerCase()}`, 'Change it by a statement of its own');
  }
  if (table.engine?.toLowerCase() !== 'innodb') {
    const reason = `its engine is ${table.engine ?? 'unknown'}, which reads and rolls back otherwise`;
    refuse(reason, 'Convert it to InnoDB first');
  }
}

async function readUniqueKeys(
  session: Connection,
  table: string,
  columns: readonly Column[],
): Promise<UniqueKey[]> {
  const found = new Map<string, UniqueKey & { parts: UniqueKey['parts'][number][] }>();
  for (const row of await rowsOf<IndexRow>(session, UNIQUE_KEYS, [table])) {
    const column = columns.find(({ name }) => name === row.columnName);
    if (column === undefined) {
      const reason = `its unique index ${row.name} is over an expression`;
      throw new TableNotCopyableError(table, reason, 'Put the expression in a generated column');
    }
    const key = found.get(row.name) ?? { name: row.name, parts: [] };
    key.parts.push({ column, prefix: row.prefix === null ? undefined : Number(row.prefix) });
    found.set(row.name, key);
  }
  return [...found.values()];
}

/** The primary key, else the unique key of fewest columns that are all there in every row. */
function chooseKey(table: string, keys: readonly UniqueKey[]): UniqueKey {
  const usable = keys.filter(({ parts }) => parts.every(isExact)).sort((a, b) => rank(a) - rank(b));
  const [best] = usable;
  if (best !== undefined) return best;
  const reason =
    'it has no primary key and no unique key over columns that are NOT NULL, exact and not computed';
  throw new TableNotCopyableError(table, reason, 'Add a primary key first');
}

function isExact({ column, prefix }: UniqueKey['parts'][number]): boolean {
  return (
    prefix === undefined && !column.nullable && !column.generated && KEY_FAMILIES.has(column.family)
  );
}

function rank({ name, parts }: UniqueKey): number {
  return name === 'PRIMARY' ? 0 : parts.length;
}
