import type { Connection } from 'mysql2/promise';
import { serverFacts, type ServerFacts } from '@switchyard/mysql/internal';
import { run } from './queries.ts';

/** Opens one more connection to the database that the copier works in. */
export type Connect = () => Promise<Connection>;

/**
 * The session variable that the key log's triggers look at: where it is set, the session is the
 * copier's own and its writes are not logged.
 */
export const OWN_SESSION = '@switchyard_copier';

/**
 * Nothing is inherited from the server or the account. Strict, so that what does not fit fails;
 * zero dates, odd dates and id 0 are data like any other; times are carried as UTC, because local
 * times of two instants can be equal.
 */
const SQL_MODE =
  'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION';
const SETTINGS = [
  `sql_mode = '${SQL_MODE}'`,
  "time_zone = '+00:00'",
  'foreign_key_checks = 0',
  'unique_checks = 1',
  'autocommit = 1',
  'sql_safe_updates = 0',
  'sql_big_selects = 1',
  'sql_select_limit = DEFAULT',
  'lock_wait_timeout = 2',
  'innodb_lock_wait_timeout = 5',
  'wait_timeout = 28800',
  // Text comes in the column's own character set: converting it may lose what the column holds.
  'character_set_results = NULL',
];

/** A connection whose settings are the copier's, and what its server said of itself. */
export interface CopierSession {
  readonly connection: Connection;
  readonly server: ServerFacts;
}

/** Opens a connection and makes it a session of the copier. */
export async function openSession(connect: Connect): Promise<CopierSession> {
  const connection = await connect();
  try {
    const server = await serverFacts(connection);
    const statementLimit = server.engine === 'mysql' ? 'max_execution_time' : 'max_statement_time';
    await run(connection, 'SET NAMES utf8mb4');
    await run(connection, 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await run(
      connection,
      `SET ${[...SETTINGS, `${statementLimit} = 0`, `${OWN_SESSION} = 1`].join(', ')}`,
    );
    return { connection, server };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** Runs `use` with a session, which is closed at the end. */
export async function withSession<T>(
  connect: Connect,
  use: (session: CopierSession) => Promise<T>,
): Promise<T> {
  const session = await openSession(connect);
  try {
    return await use(session);
  } finally {
    session.connection.destroy();
  }
}
