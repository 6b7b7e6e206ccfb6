import type { Connection, RowDataPacket } from 'mysql2/promise';

/** Without them a server changes values that do not fit, and engines that it does not have. */
const STRICT = ['STRICT_TRANS_TABLES', 'STRICT_ALL_TABLES', 'NO_ENGINE_SUBSTITUTION'];
const AGAINST_ZERO_DATES = new Set(['NO_ZERO_DATE', 'NO_ZERO_IN_DATE', 'TRADITIONAL']);

/** How a session is made strict. */
export interface StrictOptions {
  /** Lets it take zero dates all the same. Default false. */
  readonly zeroDates?: boolean;
}

/**
 * Makes a session strict whatever the server's setting is, so that what was not seen beforehand
 * fails and loses nothing. Returns the mode that it had.
 */
export async function makeStrict(
  connection: Connection,
  { zeroDates = false }: StrictOptions = {},
): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT @@SESSION.sql_mode AS mode');
  const mode = String((rows[0] as { mode?: unknown } | undefined)?.mode ?? '');
  const kept = mode
    .split(',')
    .filter((name) => name !== '' && !(zeroDates && refusesZeroDates(name)));
  await setMode(connection, [...new Set([...kept, ...STRICT])].join());
  return mode;
}

/** Sets the mode of a session. */
export async function setMode(connection: Connection, mode: string): Promise<void> {
  await connection.query('SET SESSION sql_mode = ?', [mode]);
}

/** True where a session of that mode takes no date without a day or a month. */
export function refusesZeroDates(mode: string): boolean {
  return mode.split(',').some((name) => AGAINST_ZERO_DATES.has(name));
}
