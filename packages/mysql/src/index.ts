export type { GrantMissingError } from './server/grant-missing.ts';
export { escapeIdentifier } from './server/escape-identifier.ts';
export { connectToShard, type ConnectOptions } from './identity/connect-to-shard.ts';
export {
  identifyShard,
  type IdentifiedShard,
  type IdentifyOptions,
} from './identity/identify-shard.ts';
export type { ShardIdentity } from './identity/check-identity.ts';
export type {
  IdentityMismatch,
  ServerNotSupportedError,
  ShardIdentityError,
  ShardNotIdentifiableError,
  ShardNotWritableError,
} from './identity/identity-errors.ts';
export type {
  ShardAccessDeniedError,
  ShardDatabaseMissingError,
  ShardUnavailableError,
} from './connection/connection-errors.ts';
export type { CleartextRefusedError, TlsRefusedError } from './connection/tls-errors.ts';
export type { PoolClosedError, PoolTimeoutError } from './connection/connection-errors.ts';
export type { SessionRefusedError } from './session/session-errors.ts';
export type { PoolOptions } from './pool/connection-pool.ts';
export type { MySqlErrors } from './error-codes.ts';
