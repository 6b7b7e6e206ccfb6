import type { ExpectedIdentity, LockFile, Shard, Topology } from '@switchyard/shard-context';
import {
  IDENTITY_TABLES,
  makeSystemTables,
  escapeIdentifier,
  explainFailure,
  explainGrant,
  identityOf,
  inShardLock,
  openConnection,
  openServerConnection,
  readIdentity,
  refuseStranger,
  refuseUnsupported,
  serverFacts,
  stampIdentity,
  type ShardIdentity,
  ShardNotIdentifiableError,
  ShardNotWritableError,
} from '@switchyard/mysql/internal';
import type { Connection } from 'mysql2/promise';
import { prepareFence } from '../fence/prepare-fence.ts';

/** What `prepareShard` needs. */
export interface PrepareOptions {
  readonly topology: Topology;
  readonly shard: string;
  readonly lockFile: LockFile;
  /** Makes the database where it is missing. Default false. */
  readonly createDatabase?: boolean;
}

/** What `prepareShard` did. */
export interface PreparedShard {
  readonly shard: string;
  readonly identity: ExpectedIdentity;
  /** True where the identity was stamped now; false where it stood before. */
  readonly stamped: boolean;
}

/**
 * Makes the system tables and the fence procedure on a shard and records its identity in the lock
 * file. Idempotent, and safe to kill at any point: the identity is written in the database first and
 * in the file after it, so that running it again completes the work.
 * @throws ShardIdentityError where the database is another shard; ShardNotIdentifiableError where
 *   the lock file expects an identity and the database has none; what `connectToShard` throws
 */
export async function prepareShard(options: PrepareOptions): Promise<PreparedShard> {
  const shard = options.topology.shard(options.shard);
  if (options.createDatabase === true) await createDatabase(shard);
  const connection = await openConnection(shard, shard.server.writer);
  try {
    return await inShardLock(connection, shard, () => prepare(connection, shard, options.lockFile));
  } catch (error) {
    throw explainFailure(explainGrant(error, 'prepare the shard', shard.name), shard);
  } finally {
    connection.destroy();
  }
}

async function prepare(
  connection: Connection,
  shard: Shard,
  lockFile: LockFile,
): Promise<PreparedShard> {
  const facts = await serverFacts(connection);
  refuseUnsupported(facts, shard);
  if (facts.readOnlyBy !== undefined) throw new ShardNotWritableError(shard.name, facts.readOnlyBy);
  const expected = (await lockFile.entries())[shard.name];
  const found = await readIdentity(connection);
  if (found !== undefined) refuseStranger(found, shard, expected ?? found);
  else if (expected !== undefined) throw identityLost(shard);
  await makeSystemTables(connection, IDENTITY_TABLES);
  await prepareFence(connection);
  const identity = found ?? (await stamp(connection, shard));
  const { uuid, incarnation } = identity;
  if (expected === undefined) await lockFile.record({ [shard.name]: { uuid, incarnation } });
  return { shard: shard.name, identity: { uuid, incarnation }, stamped: found === undefined };
}

async function stamp(connection: Connection, shard: Shard): Promise<ShardIdentity> {
  const identity = identityOf(shard);
  await stampIdentity(connection, identity);
  return identity;
}

function identityLost(shard: Shard): Error {
  const reason =
    'the lock file expects an identity, and the database has none: it is another database, or was emptied';
  return new ShardNotIdentifiableError(shard.name, reason);
}

async function createDatabase(shard: Shard): Promise<void> {
  const connection = await openServerConnection(shard);
  try {
    const name = escapeIdentifier(shard.database);
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${name} CHARACTER SET utf8mb4`);
  } catch (error) {
    throw explainFailure(error, shard);
  } finally {
    connection.destroy();
  }
}
