import type { Shard } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';

/** Step of interleaved ids: every shard's ids are its ordinal modulo this. */
export const ID_STEP = 1024;

/**
 * Sets what every session of a shard has: ids congruent to the shard's ordinal. A reset loses that
 * and the log-in's character set; `charset` (mysql2's name of a collation) sets the latter again.
 */
export async function prepareSession(
  connection: Connection,
  shard: Shard,
  charset?: string,
): Promise<void> {
  const collation = charset?.toLowerCase().replaceAll(/[^a-z0-9_]/g, '');
  const names =
    collation === undefined ? '' : `NAMES ${collation.split('_')[0]} COLLATE ${collation}, `;
  await connection.query(
    `SET ${names}SESSION auto_increment_increment = ?, SESSION auto_increment_offset = ?`,
    [ID_STEP, shard.ordinal],
  );
}
