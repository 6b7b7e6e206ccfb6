import { QueryFailedError, type DataSourceOptions } from 'typeorm';
import type { Connection } from 'mysql2/promise';
import { readAsTypeorm } from '../recording/read-as-typeorm.ts';
import { recordingDataSource } from '../recording/recording-data-source.ts';
import { StartedCalls } from '../recording/started-calls.ts';

/** Where a schema is. */
export interface Place {
  readonly connection: Connection;
  readonly engine: 'mysql' | 'mariadb';
  readonly database: string;
}

/**
 * What TypeORM's `schema:log` would send to make the tables like the entities. It asks the shard in
 * a transaction that cannot write.
 */
export async function entityStatements(
  { connection, engine, database }: Place,
  entities: DataSourceOptions['entities'],
): Promise<string[]> {
  const answers = {
    answer: (sql: string, parameters: readonly unknown[]) =>
      readAsTypeorm(connection, sql, parameters),
    refuseRaw: (what: string): never => {
      throw new QueryFailedError(what, [], new Error('a schema is only read'));
    },
  };
  const calls = new StartedCalls();
  const source = await recordingDataSource(answers, calls, database, engine, entities);
  await connection.query('START TRANSACTION READ ONLY');
  try {
    const { upQueries } = await source.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  } finally {
    await connection.query('ROLLBACK');
  }
}
