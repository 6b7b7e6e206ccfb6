import type { Endpoint, LockFile, Role, Shard } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import { PoolClosedError, PoolTimeoutError } from '../connection/connection-errors.ts';
import type { OpenOptions } from '../connection/log-in.ts';
import { explainFailure, openConnection } from '../connection/open-connection.ts';
import { checkIdentity } from '../identity/check-identity.ts';
import { isIdentityFailure } from '../identity/identity-errors.ts';
import type { PoolTarget } from './connection-pool.ts';
import { prepareSession } from '../session/prepare-session.ts';
import { sessionOf } from '../session/session-of.ts';

/** What mysql2 asks for when no charset is given. */
const DEFAULT_CHARSET = 'UTF8MB4_UNICODE_CI';

/** One endpoint of a shard. */
export interface ShardEndpoint {
  readonly shard: Shard;
  readonly endpoint: Required<Endpoint>;
  readonly role: Role;
  readonly lockFile: LockFile;
}

/**
 * A pool's target that is one endpoint of a shard: each new connection is checked against the
 * topology and the lock file before anyone uses it, its ids are the shard's, its session the fleet's.
 */
export function shardTarget(at: ShardEndpoint, options: OpenOptions): PoolTarget {
  const { shard, lockFile } = at;
  const { name, server } = shard;
  const limit = { server: server.name, maxConnections: server.maxConnections };
  return {
    open: () => openChecked(at, options),
    restore: async (connection) =>
      prepareSession(connection, shard, {
        session: await sessionOf(shard, lockFile),
        charset: options.driverOptions?.charset ?? DEFAULT_CHARSET,
      }),
    explain: (cause) => explainFailure(cause, shard),
    isStranger: isIdentityFailure,
    pausesOthers: () => true,
    timeout: (waitedMs) => new PoolTimeoutError(name, waitedMs, limit),
    closed: () => new PoolClosedError(name),
  };
}

async function openChecked(
  { shard, endpoint, role, lockFile }: ShardEndpoint,
  options: OpenOptions,
) {
  const expected = await lockFile.expected(shard.name);
  const connection: Connection = await openConnection(shard, endpoint, options);
  try {
    const facts = await checkIdentity(connection, shard, { expected, role });
    await prepareSession(connection, shard, { session: await sessionOf(shard, lockFile) });
    return { connection, facts };
  } catch (error) {
    connection.destroy();
    throw error;
  }
}
