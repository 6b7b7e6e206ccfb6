import type { Shard } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import { failureText, isServerError, ServerError } from '../server/server-errors.ts';
import { SessionRefusedError } from './session-errors.ts';
import type { Session } from './session-of.ts';

/** Step of interleaved ids: every shard's ids are its ordinal modulo this. */
export const ID_STEP = 1024;

const REFUSALS = [
  ...[ServerError.ER_UNKNOWN_TIME_ZONE, ServerError.ER_WRONG_VALUE_FOR_VAR],
  ...[ServerError.ER_UNKNOWN_CHARACTER_SET, ServerError.ER_UNKNOWN_COLLATION],
  ServerError.ER_COLLATION_CHARSET_MISMATCH,
];

/**
 * Sets what every session of the application has on a shard, in one trip: ids congruent to the
 * shard's ordinal, time zone, mode, and character set where one is declared. A reset loses all of
 * it and the log-in's character set, which `charset` (mysql2's name of a collation, or of a character
 * set with its default one) sets again where none is declared.
 * @throws SessionRefusedError where the server does not know a value
 */
export async function prepareSession(
  connection: Connection,
  shard: Shard,
  { session, charset }: { readonly session: Session; readonly charset?: string },
): Promise<void> {
  const { timeZone, sqlMode } = session;
  try {
    await connection.query(
      `SET ${namesOf(declaredNames(session) ?? charset)}SESSION auto_increment_increment = ?,
       SESSION auto_increment_offset = ?, SESSION time_zone = ?, SESSION sql_mode = ?`,
      [ID_STEP, shard.ordinal, timeZone, sqlMode],
    );
  } catch (cause) {
    if (!isServerError(cause, ...REFUSALS)) throw cause;
    throw new SessionRefusedError(shard.name, failureText(cause), { cause });
  }
}

/**
 * Makes a session of ours for tools, whatever server and fleet are set to: in UTC, and texts in
 * utf8mb4. How strict it is, its user says.
 */
export async function prepareToolSession(connection: Connection): Promise<void> {
  await connection.query("SET NAMES utf8mb4, SESSION time_zone = '+00:00'");
}

function declaredNames({ charset, collation }: Session): string | undefined {
  return collation ?? charset;
}

function namesOf(charset: string | undefined): string {
  if (charset === undefined) return '';
  const name = charset.toLowerCase().replaceAll(/[^a-z0-9_]/g, '');
  const [set = name, collation] = name.split('_', 2);
  return collation === undefined ? `NAMES ${set}, ` : `NAMES ${set} COLLATE ${name}, `;
}
