import type { Shard } from '@switchyard/shard-context';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { ShardUnavailableError } from '../connection/connection-errors.ts';

const WAIT_SECONDS = 10;

/**
 * Runs `work` while this connection holds the server's lock on the shard's system tables, so that
 * two tools do not prepare or stamp one shard at once. Dies with the connection.
 * @throws ShardUnavailableError where another tool holds it for 10 s
 */
export async function inShardLock<T>(
  connection: Connection,
  shard: Shard,
  work: () => Promise<T>,
): Promise<T> {
  const name = `switchyard:${shard.database}`.slice(0, 64); // the server's limit
  const [rows] = await connection.query<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS got', [
    name,
    WAIT_SECONDS,
  ]);
  if (rows[0]?.['got'] !== 1) {
    const reason = `another tool has been working on its system tables for ${WAIT_SECONDS} s`;
    throw new ShardUnavailableError(shard.name, reason);
  }
  try {
    return await work();
  } finally {
    await connection.query('SELECT RELEASE_LOCK(?)', [name]);
  }
}
