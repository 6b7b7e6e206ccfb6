import {
  outsideContext,
  type Credentials,
  type Endpoint,
  type ServerTls,
} from '@switchyard/shard-context';
import { createConnection, type Connection, type ConnectionOptions } from 'mysql2/promise';
import { isAccessDenied } from '../server/driver-failures.ts';
import { explainLogin, refuseCleartext } from './tls-errors.ts';
import { addressOf } from './tls-options.ts';

/** mysql2 allots 8 KB for 1 cached statement and 509 KB for its default of 16,000. */
const DEFAULT_PREPARED_STATEMENTS = 16;
const DEFAULT_CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_PORT = 3306;

/** How new physical connections are opened. */
export interface OpenOptions {
  /** Longest wait for TCP and log-in. Default 5,000 ms. */
  readonly connectTimeoutMs?: number | undefined;
  /** Statements that mysql2 caches per connection. Default 16. */
  readonly maxPreparedStatements?: number | undefined;
  /** Further options of mysql2: decoding, TLS, flags. Host, user and database come from the topology. */
  readonly driverOptions?: ConnectionOptions | undefined;
}

/** What a log-in needs to know of its server. A server of the topology fits. */
export interface LoginServer {
  readonly name?: string | undefined;
  /** Default: not encrypted. */
  readonly tls?: ServerTls | undefined;
  /** Asked for each new physical connection; its answer is never stored or logged. */
  readonly credentials: () => Credentials | Promise<Credentials>;
}

/** Where a new connection is to lead. */
export interface LoginTarget {
  readonly server: LoginServer;
  readonly endpoint: Endpoint;
  /** None for tools that create it. */
  readonly database?: string;
  /** Named in errors. */
  readonly shard?: string;
}

/** `credentials()` itself failed. */
export class CredentialsFailure extends Error {}

/**
 * Opens one physical connection, with credentials asked for now: the only place where Switchyard
 * makes one. Opened outside every context: a socket keeps the context of its opener for life and
 * would hand it to strangers' callbacks. Nothing is checked yet.
 * @throws CredentialsFailure, TlsRefusedError, CleartextRefusedError, or what the driver reports
 */
export async function logIn(target: LoginTarget, options: OpenOptions = {}): Promise<Connection> {
  return outsideContext(async () => {
    const credentials = await askCredentials(target.server);
    return connect(target, credentials, options).catch(async (cause: unknown) => {
      if (!isAccessDenied(cause)) throw cause;
      // Revoked between the asking and the log-in: a rotation must not cost a request.
      const fresh = await askCredentials(target.server);
      const same = fresh.user === credentials.user && secretOf(fresh) === secretOf(credentials);
      if (same) throw cause;
      return connect(target, fresh, options);
    });
  });
}

async function connect(
  target: LoginTarget,
  credentials: Credentials,
  options: OpenOptions,
): Promise<Connection> {
  refuseCleartext(target, credentials);
  try {
    return await createConnection(loginOptions(target, credentials, options));
  } catch (cause) {
    throw explainLogin(cause, target) ?? cause;
  }
}

function secretOf(credentials: Credentials): string {
  return 'cleartext' in credentials ? credentials.token : credentials.password;
}

async function askCredentials(server: LoginServer): Promise<Credentials> {
  try {
    return await server.credentials();
  } catch (cause) {
    throw new CredentialsFailure('credentials() failed', { cause });
  }
}

function loginOptions(
  { server, endpoint, database }: LoginTarget,
  credentials: Credentials,
  options: OpenOptions,
): ConnectionOptions {
  return {
    trace: false, // a stack per query costs 20-30 % of the client's CPU
    ...options.driverOptions,
    ...addressOf(server, { host: endpoint.host, port: endpoint.port ?? DEFAULT_PORT }),
    user: credentials.user,
    password: secretOf(credentials),
    enableCleartextPlugin: 'cleartext' in credentials,
    ...(database === undefined ? {} : { database }),
    connectTimeout: options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS,
    maxPreparedStatements: options.maxPreparedStatements ?? DEFAULT_PREPARED_STATEMENTS,
  };
}
