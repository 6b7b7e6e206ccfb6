import type { Shard } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';

/** Step of interleaved ids: every shard's ids are its ordinal modulo this. */
export const ID_STEP = 1024;

/**
 * Sets what every session of a shard has: ids congruent to the shard's ordinal. A reset loses that
 * and the log-in's character set; `charset` (mysql2's name of a collation, or of a character set
 * with its default one) sets the latter again.
 */
export async function prepareSession(
  connection: Connection,
  shard: Shard,
  charset?: string,
): Promise<void> {
  await connection.query(
    `SET ${namesOf(charset)}SESSION auto_increment_increment = ?, SESSION auto_increment_offset = ?`,
    [ID_STEP, shard.ordinal],
  );
}

function namesOf(charset: string | undefined): string {
  if (charset === undefined) return '';
  const name = charset.toLowerCase().replaceAll(/[^a-z0-9_]/g, '');
  const [set = name, collation] = name.split('_', 2);
  return collation === undefined ? `NAMES ${set}, ` : `NAMES ${set} COLLATE ${name}, `;
}
