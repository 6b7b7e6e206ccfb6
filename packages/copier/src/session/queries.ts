import type { Connection, QueryResult, ResultSetHeader } from 'mysql2/promise';
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
