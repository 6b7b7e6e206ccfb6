import type { ExpectedIdentity, LockFile, Shard, Topology } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import { explainFailure, openConnection } from '../connection/open-connection.ts';
import { inShardLock } from './shard-lock.ts';
import { SHARD_IDENTITY } from './identity-table.ts';
import { readIdentity, type ShardIdentity } from './check-identity.ts';
import { identityOf, restampIdentity } from './stamp-identity.ts';

/** What `identifyShard` needs. */
export interface IdentifyOptions {
  readonly topology: Topology;
  readonly shard: string;
  readonly lockFile: LockFile;
}

/** What `identifyShard` did. */
export interface IdentifiedShard {
  readonly shard: string;
  /** What the database said it was; undefined where it said nothing. */
  readonly before: ShardIdentity | undefined;
  readonly identity: ExpectedIdentity;
}

/**
 * Declares on purpose that the database behind a shard's address is that shard from now on: after a
 * restore, or when a copy becomes a shard of its own. Its incarnation rises above every earlier one,
 * so that the states it replaces are refused for good; a database that was another shard gets a new
 * uuid. Every process refuses it until the new lock file is deployed. Safe to kill: the database is
 * stamped first, and until the file follows the shard is refused; run it again.
 * @throws what `connectToShard` throws
 */
export async function identifyShard(options: IdentifyOptions): Promise<IdentifiedShard> {
  const shard = options.topology.shard(options.shard);
  const connection = await openConnection(shard, shard.server.writer);
  try {
    return await inShardLock(connection, shard, () => restamp(connection, shard, options.lockFile));
  } catch (error) {
    throw explainFailure(error, shard);
  } finally {
    connection.destroy();
  }
}

async function restamp(
  connection: Connection,
  shard: Shard,
  lockFile: LockFile,
): Promise<IdentifiedShard> {
  await connection.query(SHARD_IDENTITY);
  const before = await readIdentity(connection);
  const expected = (await lockFile.entries())[shard.name];
  const stays = before?.name === shard.name && before.fleet === shard.fleet;
  const incarnation = Math.max(before?.incarnation ?? 0, expected?.incarnation ?? 0) + 1;
  const identity = identityOf(shard, {
    ...(stays ? { uuid: before.uuid } : {}),
    ...(before === undefined ? {} : { format: before.format }),
    incarnation,
  });
  await restampIdentity(connection, identity);
  const { uuid } = identity;
  await lockFile.record({ [shard.name]: { uuid, incarnation } });
  return { shard: shard.name, before, identity: { uuid, incarnation } };
}
