import {
  isSwitchyardError,
  outsideContext,
  type Credentials,
  type Endpoint,
  type Shard,
} from '@switchyard/shard-context';
import { createConnection, type Connection, type ConnectionOptions } from 'mysql2/promise';
import { isAccessDenied } from '../server/driver-failures.ts';
import { isServerError, ServerError } from '../server/server-errors.ts';
import {
  ShardAccessDeniedError,
  ShardDatabaseMissingError,
  ShardUnavailableError,
} from './connection-errors.ts';

/** mysql2 allots 8 KB for 1 cached statement and 509 KB for its default of 16,000. */
const DEFAULT_PREPARED_STATEMENTS = 16;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;

/** How new physical connections are opened. */
export interface OpenOptions {
  /** Longest wait for TCP and log-in. Default 5,000 ms. */
  readonly connectTimeoutMs?: number | undefined;
  /** Statements that mysql2 caches per connection. Default 16. */
  readonly maxPreparedStatements?: number | undefined;
  /** Further options of mysql2: decoding, TLS, flags. Host, user and database come from the topology. */
  readonly driverOptions?: ConnectionOptions | undefined;
}

/**
 * Opens one physical connection to a shard's database, with credentials asked for now. Opened
 * outside every context: a socket keeps the context of its opener for life and would hand it to
 * strangers' callbacks. Nothing is checked yet.
 * @throws ShardUnavailableError, ShardAccessDeniedError, ShardDatabaseMissingError
 */
export async function openConnection(
  shard: Shard,
  endpoint: Required<Endpoint>,
  options: OpenOptions = {},
): Promise<Connection> {
  return outsideContext(async () => {
    const credentials = await askCredentials(shard);
    const connect = (given: Credentials) =>
      createConnection(connectionOptions(shard, endpoint, { options, credentials: given }));
    try {
      return await connect(credentials).catch(async (cause: unknown) => {
        if (!isAccessDenied(cause)) throw cause;
        // Revoked between the asking and the log-in: a rotation must not cost a request.
        const fresh = await askCredentials(shard);
        const same = fresh.user === credentials.user && fresh.password === credentials.password;
        if (same) throw cause;
        return connect(fresh);
      });
    } catch (cause) {
      throw explainFailure(cause, shard);
    }
  });
}

async function askCredentials(shard: Shard): Promise<Credentials> {
  try {
    return await shard.server.credentials();
  } catch (cause) {
    const reason = `credentials() of server ${shard.server.name} failed`;
    throw new ShardUnavailableError(shard.name, reason, { cause });
  }
}

function connectionOptions(
  shard: Shard,
  endpoint: Required<Endpoint>,
  { options, credentials }: { options: OpenOptions; credentials: Credentials },
): ConnectionOptions {
  return {
    trace: false, // a stack per query costs 20-30 % of the client's CPU
    ...options.driverOptions,
    host: endpoint.host,
    port: endpoint.port,
    user: credentials.user,
    password: credentials.password,
    database: shard.database,
    connectTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    maxPreparedStatements: options.maxPreparedStatements ?? DEFAULT_PREPARED_STATEMENTS,
  };
}

/** A driver's failure while connecting, as one of ours; ours pass unchanged. */
export function explainFailure(cause: unknown, shard: Shard): Error {
  if (isSwitchyardError(cause)) return cause;
  const { code } = cause as { code?: string };
  if (isAccessDenied(cause)) {
    return new ShardAccessDeniedError(shard.name, shard.server.name, { cause });
  }
  if (isServerError(cause, ServerError.ER_BAD_DB_ERROR)) {
    return new ShardDatabaseMissingError(shard.name, shard.database, { cause });
  }
  const reason = `server ${shard.server.name} does not answer (${code ?? 'no code'})`;
  return new ShardUnavailableError(shard.name, reason, { cause });
}
