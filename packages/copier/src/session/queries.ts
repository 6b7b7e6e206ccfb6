import type { Connection, QueryResult, ResultSetHeader } from 'mysql2/promise';
import { isConnectionLost } from '@switchyard/mysql/internal';
import type { RawValue } from './raw-value.ts';

/** The rows that a statement answered, decoded by the driver. */
export async function rowsOf<Row>(
  session: Connection,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const [rows] = await session.query<QueryResult>(sql, [...values]);
  return rows as unknown as Row[];
}

/** The rows as the server sent them: no decoding, no character set, no loss. */
export async function rawRowsOf(
  session: Connection,
  sql: string,
  values: readonly unknown[] = [],
): Promise<RawValue[][]> {
  const [rows] = await session.query<QueryResult>({
    sql,
    values: [...values],
    rowsAsArray: true,
    typeCast: (field) => field.buffer(),
  });
  return rows as unknown as RawValue[][];
}

/** Runs a statement. Answers how many rows it changed, or for an UPDATE found. */
export async function run(
  session: Connection,
  sql: string,
  values: readonly unknown[] = [],
): Promise<number> {
  const [{ affectedRows }] = await session.query<ResultSetHeader>(sql, [...values]);
  return affectedRows;
}

/**
 * Runs a statement that gives something back: a lock, a snapshot. A connection that is gone has
 * given it back by itself, and what ended it is the failure to report.
 */
export async function giveBack(session: Connection, sql: string): Promise<void> {
  try {
    await run(session, sql);
  } catch (error) {
    if (!isConnectionLost(error)) throw error;
  }
}
