import type { Connection } from 'mysql2/promise';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import { rawRowsOf } from '../session/queries.ts';
import {
  allOf,
  keyAfter,
  keyColumns,
  keyOrder,
  keySelect,
  keyUpTo,
  type Condition,
} from '../table/key-sql.ts';
import type { Key } from '../session/raw-value.ts';
import type { TableDescription } from '../table/table.ts';
import type { KeyRange } from './key-range.ts';

/**
 * The range of the next `rows` rows after a key, in the order of the key's index, whatever its
 * types and collations: gaps cost nothing, because rows are counted and not numbers.
 */
export async function nextRange(
  session: Connection,
  table: TableDescription,
  from: {
    readonly after: Key | undefined;
    readonly rows: number;
    readonly where?: Condition | undefined;
  },
): Promise<KeyRange> {
  const { after, rows } = from;
  const where = allOf([rangeStart(table, after), from.where]);
  // An index by name: a server that misjudges the range would read and sort the table.
  const [upTo] = await rawRowsOf(
    session,
    `SELECT ${keySelect(table.key)} FROM ${escapeIdentifier(table.name)}
     FORCE INDEX (${escapeIdentifier(table.keyIndex)})
     WHERE ${where.sql} ORDER BY ${keyOrder(table.key)} LIMIT 1 OFFSET ${Math.max(0, rows - 1)}`,
    where.values,
  );
  return { after, upTo };
}

/** The rows of a range, as a condition on the table that the keys were read from. */
export function inRange(table: TableDescription, range: KeyRange): Condition {
  const end = range.upTo && keyUpTo(keyColumns(table.key), range.upTo);
  return allOf([rangeStart(table, range.after), end]);
}

function rangeStart(table: TableDescription, after: Key | undefined): Condition | undefined {
  return after && keyAfter(keyColumns(table.key), after);
}
