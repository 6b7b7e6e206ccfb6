import type {
  PoolClosedError,
  PoolTimeoutError,
  ShardAccessDeniedError,
  ShardDatabaseMissingError,
  ShardUnavailableError,
} from './connection/connection-errors.ts';
import type { CleartextRefusedError, TlsRefusedError } from './connection/tls-errors.ts';
import type { SessionRefusedError } from './session/session-errors.ts';
import type {
  ServerNotSupportedError,
  ShardIdentityError,
  ShardNotIdentifiableError,
  ShardNotWritableError,
} from './identity/identity-errors.ts';
import type { GrantMissingError } from './server/grant-missing.ts';

/** The errors of this package by their codes. */
export interface MySqlErrors {
  readonly SHARD_IDENTITY: ShardIdentityError;
  readonly SHARD_NOT_IDENTIFIABLE: ShardNotIdentifiableError;
  readonly SHARD_NOT_WRITABLE: ShardNotWritableError;
  readonly SERVER_NOT_SUPPORTED: ServerNotSupportedError;
  readonly SHARD_UNAVAILABLE: ShardUnavailableError;
  readonly SHARD_ACCESS_DENIED: ShardAccessDeniedError;
  readonly GRANT_MISSING: GrantMissingError;
  readonly SHARD_DATABASE_MISSING: ShardDatabaseMissingError;
  readonly POOL_TIMEOUT: PoolTimeoutError;
  readonly POOL_CLOSED: PoolClosedError;
  readonly SESSION_REFUSED: SessionRefusedError;
  readonly TLS_REFUSED: TlsRefusedError;
  readonly CLEARTEXT_REFUSED: CleartextRefusedError;
}

declare module '@switchyard/shard-context/errors' {
  interface SwitchyardErrors extends MySqlErrors {}
}
