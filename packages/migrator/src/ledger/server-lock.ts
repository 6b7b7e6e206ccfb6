import { isServerError, ServerError } from '@switchyard/mysql/internal';
import type { Connection } from 'mysql2/promise';
import { rowsOf } from '../server/connection.ts';
import { ShardBusyError } from './ledger-errors.ts';

/**
 * Name of the server-wide lock of one database: a hash, because lock names end at 64 characters.
 * MD5() is gone from MySQL 9; SHA2() is on both.
 */
export const LOCK_NAME = "CONCAT('switchyard:', LEFT(SHA2(DATABASE(), 256), 40))";
/** Server error "unknown thread id". */

/** Who has the lock, and whether a statement of theirs is under way. */
export interface LockHolder {
  /** Connection id on the server. */
  readonly id: number;
  readonly busy: boolean;
  /** How long it has been in its present state. */
  readonly seconds: number;
}

/** Takes the database's lock for as long as the connection lasts; false after `seconds` of waiting. */
export async function lockServer(connection: Connection, seconds: number): Promise<boolean> {
  const [row] = await rowsOf<{ got: number | null }>(
    connection,
    `SELECT GET_LOCK(${LOCK_NAME}, ?) AS got`,
    [seconds],
  );
  return Number(row?.got) === 1;
}

/** The connection that has the lock, or undefined. */
export async function lockHolder(connection: Connection): Promise<LockHolder | undefined> {
  const [row] = await rowsOf<{ id: number; command: string; seconds: number }>(
    connection,
    `SELECT ID AS id, COMMAND AS command, TIME AS seconds
     FROM information_schema.PROCESSLIST WHERE ID = IS_USED_LOCK(${LOCK_NAME})`,
  );
  if (row === undefined) return undefined;
  return { id: row.id, busy: row.command !== 'Sleep', seconds: Number(row.seconds) };
}

/** Cuts a connection off. One that went by itself is no error. */
export async function killConnection(connection: Connection, id: number): Promise<void> {
  try {
    await connection.query(`KILL CONNECTION ${Number(id)}`);
  } catch (error) {
    if (!isServerError(error, ServerError.ER_NO_SUCH_THREAD)) throw error;
  }
}

/**
 * Takes back the lock that a lost connection of the same run may still have: the server goes on
 * with a statement whose client is gone.
 * @throws ShardBusyError
 */
export async function reclaimServerLock(
  connection: Connection,
  shard: string,
  seconds: number,
): Promise<void> {
  const holder = await lockHolder(connection);
  if (holder !== undefined && !holder.busy) await killConnection(connection, holder.id);
  if (await lockServer(connection, seconds)) return;
  const still = await lockHolder(connection);
  throw new ShardBusyError(shard, still?.id ?? 0, still?.seconds ?? 0);
}
