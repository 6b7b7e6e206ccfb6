import { isSwitchyardError, type Endpoint, type Shard } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import { isAccessDenied } from '../server/driver-failures.ts';
import { GrantMissingError, isGrantMissing } from '../server/grant-missing.ts';
import { isServerError, ServerError } from '../server/server-errors.ts';
import {
  ShardAccessDeniedError,
  ShardDatabaseMissingError,
  ShardUnavailableError,
} from './connection-errors.ts';
import { CredentialsFailure, logIn, type OpenOptions } from './log-in.ts';

/**
 * Opens one physical connection to a shard's database. Nothing is checked yet.
 * @throws ShardUnavailableError, ShardAccessDeniedError, ShardDatabaseMissingError
 */
export async function openConnection(
  shard: Shard,
  endpoint: Required<Endpoint>,
  options: OpenOptions = {},
): Promise<Connection> {
  const { server, database } = shard;
  return logIn({ server, endpoint, database, shard: shard.name }, options).catch(
    (cause: unknown) => {
      throw explainFailure(cause, shard);
    },
  );
}

/**
 * Opens a connection to the writer of a shard's server, in no database: for tools that create it.
 * @throws ShardUnavailableError, ShardAccessDeniedError
 */
export async function openServerConnection(shard: Shard): Promise<Connection> {
  const { server } = shard;
  return logIn({ server, endpoint: server.writer, shard: shard.name }).catch((cause: unknown) => {
    throw explainFailure(cause, shard);
  });
}

/** A driver's failure while connecting, as one of ours; ours pass unchanged. */
export function explainFailure(cause: unknown, shard: Shard): Error {
  if (isSwitchyardError(cause)) return cause;
  const { name: server } = shard.server;
  if (cause instanceof CredentialsFailure) {
    const reason = `credentials() of server ${server} failed`;
    return new ShardUnavailableError(shard.name, reason, { cause: cause.cause });
  }
  if (isAccessDenied(cause)) return new ShardAccessDeniedError(shard.name, shard.server, { cause });
  if (isGrantMissing(cause)) return new GrantMissingError('use the shard', shard.name, cause);
  if (isServerError(cause, ServerError.ER_BAD_DB_ERROR)) {
    return new ShardDatabaseMissingError(shard.name, shard.database, { cause });
  }
  const { code } = cause as { code?: string };
  const reason = `server ${server} does not answer (${code ?? 'no code'})`;
  return new ShardUnavailableError(shard.name, reason, { cause });
}
