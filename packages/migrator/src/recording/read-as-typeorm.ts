import type { Connection, QueryResult } from 'mysql2/promise';

/**
 * How TypeORM has mysql2 read rows unless it is told otherwise: BIGINT, and so every COUNT, is a
 * text. A migration that was written for TypeORM compares, branches and binds by these types, and a
 * BIGINT above 2^53 that is read as a number is the id of another row.
 * @see TypeORM, `MysqlDriver.createConnectionOptions`
 */
const AS_TYPEORM = { supportBigNumbers: true, bigNumberStrings: true } as const;

/** Rows as a migration gets them under TypeORM: of the same types and values. */
export async function readAsTypeorm(
  connection: Connection,
  sql: string,
  parameters: readonly unknown[],
): Promise<unknown> {
  const [rows] = await connection.query<QueryResult>({ ...AS_TYPEORM, sql }, [...parameters]);
  return rows;
}
