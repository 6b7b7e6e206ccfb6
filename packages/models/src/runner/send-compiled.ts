import { QueryFailedError } from 'typeorm';
import type { CompiledRows, PooledConnection } from '@switchyard/mysql/internal';
import type { Logger, QueryRunner } from 'typeorm';
import type { Statement } from '../statements/classify.ts';

/** A statement that was made once and is sent with other values at each call. */
export interface CompiledStatement {
  /** The text that TypeORM made, with `?` for each value. */
  readonly sql: string;
  /** Its class, found once. */
  readonly statement: Statement;
  /** Sent as a prepared statement where its values can be bound. */
  readonly prepared: boolean;
}

/** The values of one call. */
export interface CompiledValues {
  /** As the application gave them: for the log and for errors, as TypeORM shows them. */
  readonly given: unknown[];
  /** As they are bound in the prepared statement; undefined where this call is sent as text. */
  readonly bound: readonly string[] | undefined;
}

/** What TypeORM's runner does around a query, without the parts that have nothing to do. */
export async function sendCompiled(
  runner: QueryRunner & { connect(): Promise<PooledConnection> },
  logger: Logger,
  { sql }: CompiledStatement,
  { given, bound }: CompiledValues,
): Promise<CompiledRows> {
  const connection = await runner.connect();
  logger.logQuery(sql, given, runner);
  try {
    return await connection.rows(sql, bound ?? given, bound !== undefined);
  } catch (error) {
    logger.logQueryError(error as Error, sql, given, runner);
    throw new QueryFailedError(sql, given, error as Error);
  }
}
