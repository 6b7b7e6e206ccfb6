import type { LockFile, Topology } from '@switchyard/shard-context';
import type { Connection, ConnectionOptions } from 'mysql2/promise';
import { checkIdentity } from './check-identity.ts';
import { prepareSession, prepareToolSession } from '../session/prepare-session.ts';
import { sessionOf } from '../session/session-of.ts';
import { explainFailure, openConnection } from '../connection/open-connection.ts';

/** How a tool connects. */
export type ConnectOptions = {
  /** Further options of mysql2, such as `multipleStatements` or `dateStrings`. */
  readonly driverOptions?: ConnectionOptions;
  /** Longest wait for TCP and log-in. Default 5,000 ms. */
  readonly connectTimeoutMs?: number;
} & (
  | {
      readonly identity: 'checked';
      readonly lockFile: LockFile;
      /**
       * `fleet`: what sessions of the application have, for tools that run its statements. `tool`
       * (default): UTC and utf8mb4, whatever the fleet declares.
       */
      readonly session?: 'fleet' | 'tool';
    }
  | { readonly identity: 'unchecked'; readonly lockFile?: LockFile }
);

/**
 * A plain connection to the writer of a shard, for tools that are not the data source: no pool, no
 * fence, no context. `checked` refuses a database that is not the shard; `unchecked` is for those
 * who prepare or repair it. Close it with `end()`.
 * @throws UnknownShardError, SessionRefusedError, ShardUnavailableError, ShardAccessDeniedError,
 *   ShardDatabaseMissingError, and with `checked` what `checkIdentity` throws
 */
export async function connectToShard(
  topology: Topology,
  shardName: string,
  options: ConnectOptions,
): Promise<Connection> {
  const shard = topology.shard(shardName);
  const expected =
    options.identity === 'checked' ? await options.lockFile.expected(shard.name) : undefined;
  const connection = await openConnection(shard, shard.server.writer, options);
  try {
    if (expected !== undefined)
      await checkIdentity(connection, shard, { expected, role: 'writer' });
    if (options.identity === 'checked' && options.session === 'fleet') {
      const session = await sessionOf(shard, options.lockFile);
      await prepareSession(connection, shard, { session });
    } else await prepareToolSession(connection);
    return connection;
  } catch (error) {
    connection.destroy();
    throw explainFailure(error, shard);
  }
}
