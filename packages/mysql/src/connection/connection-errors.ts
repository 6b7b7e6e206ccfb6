import { SwitchyardError } from '@switchyard/shard-context/internal';

/** The shard's server could not be reached. Nothing ran; the other shards are not touched. */
export class ShardUnavailableError extends SwitchyardError {
  static override readonly code = 'SHARD_UNAVAILABLE';
  static override readonly retryable = true;

  constructor(shard: string, reason: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: 'open a connection',
        shard,
        reason,
        remedy: 'Try again shortly; if it lasts, check the server and its address in the topology',
      },
      options,
    );
  }
}

/** The server refused the user or the password, or the user may not use the database. */
export class ShardAccessDeniedError extends SwitchyardError {
  static override readonly code = 'SHARD_ACCESS_DENIED';

  constructor(
    shard: string,
    { name: server, tls }: { readonly name: string; readonly tls?: unknown },
    options?: { cause?: unknown },
  ) {
    const unencrypted = tls === undefined ? '; if the account requires TLS, declare `tls`' : '';
    super(
      {
        attempted: 'open a connection',
        shard,
        reason: `server ${server} refused the credentials, or the user may not use the database`,
        remedy: `Correct what credentials() of the server answers, or the grants of that user${unencrypted}`,
      },
      options,
    );
  }
}

/** The database that the topology names is not on the server. */
export class ShardDatabaseMissingError extends SwitchyardError {
  static override readonly code = 'SHARD_DATABASE_MISSING';

  constructor(shard: string, database: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: 'open a connection',
        shard,
        reason: `the server has no database ${database}`,
        remedy: 'Create it and run `switchyard prepare`, or correct `database` in the topology',
      },
      options,
    );
  }
}

/** No connection of the shard came free in time. Nothing ran. */
export class PoolTimeoutError extends SwitchyardError {
  static override readonly code = 'POOL_TIMEOUT';
  static override readonly retryable = true;

  constructor(shard: string, waitedMs: number, limit: { server: string; maxConnections: number }) {
    super({
      attempted: 'take a connection',
      shard,
      reason: `all ${limit.maxConnections} connections to server ${limit.server} stayed in use for ${waitedMs} ms`,
      remedy:
        'Shorten transactions, or raise `maxConnections` of the server; a forgotten release() looks the same',
    });
  }
}

/** The data source was closed. */
export class PoolClosedError extends SwitchyardError {
  static override readonly code = 'POOL_CLOSED';

  constructor(shard: string) {
    super({
      attempted: 'take a connection',
      shard,
      reason: 'the data source was destroyed',
      remedy: 'End work before destroy(), or initialize() the data source again',
    });
  }
}
