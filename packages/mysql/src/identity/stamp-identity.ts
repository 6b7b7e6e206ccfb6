import { randomUUID } from 'node:crypto';
import type { Shard } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import type { ShardIdentity } from './check-identity.ts';
import { FORMAT } from './identity-table.ts';

/** The identity of a shard's database; without `given` that of a new one. */
export function identityOf(
  shard: Shard,
  given: Partial<Pick<ShardIdentity, 'uuid' | 'incarnation' | 'format'>> = {},
): ShardIdentity {
  return {
    name: shard.name,
    uuid: given.uuid ?? randomUUID(),
    fleet: shard.fleet,
    region: shard.server.region,
    incarnation: given.incarnation ?? 1,
    ordinal: shard.ordinal,
    format: given.format ?? FORMAT,
  };
}

/** Writes the identity into a database that has none. One that has keeps it: the key refuses. */
export async function stampIdentity(
  connection: Connection,
  identity: ShardIdentity,
): Promise<void> {
  await connection.query('INSERT INTO shard_identity SET id = 1, ?', [identity]);
}

/** Writes the identity in the place of what the database said before. */
export async function restampIdentity(
  connection: Connection,
  identity: ShardIdentity,
): Promise<void> {
  const sql = 'INSERT INTO shard_identity SET id = 1, ? ON DUPLICATE KEY UPDATE ?';
  await connection.query(sql, [identity, identity]);
}
