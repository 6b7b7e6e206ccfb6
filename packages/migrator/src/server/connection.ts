import type { Connection, QueryResult, ResultSetHeader } from 'mysql2/promise';

/** The rows that a statement answered. */
export async function rowsOf<Row>(
  connection: Connection,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const [rows] = await connection.query<QueryResult>(sql, values);
  return rows as unknown as Row[];
}

/** What a statement changed: how many rows, and the id that was given out. */
export async function changedBy(
  connection: Connection,
  sql: string,
  values: unknown[] = [],
): Promise<{ readonly rows: number; readonly id: number }> {
  const [{ affectedRows, insertId }] = await connection.query<ResultSetHeader>(sql, values);
  return { rows: affectedRows, id: insertId };
}
