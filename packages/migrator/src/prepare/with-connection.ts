import type { Connection } from 'mysql2/promise';
import type { Shard } from '@switchyard/shard-context';
import type { OpenShard } from '../rollout/shard-session.ts';

/** Opens a connection to a shard, works, closes it. */
export async function withConnection<T>(
  open: OpenShard,
  shard: Shard,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await open(shard);
  try {
    return await work(connection);
  } finally {
    await connection.end().catch(() => connection.destroy());
  }
}
