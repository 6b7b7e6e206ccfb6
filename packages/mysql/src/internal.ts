// For Switchyard's own packages only; semver does not cover it.
export { escapeIdentifier } from './server/escape-identifier.ts';
export {
  asksForChange,
  failureNumber,
  failureText,
  foundReadOnly,
  hasRolledBack,
  isConnectionLost,
  wasNotSent,
} from './server/driver-failures.ts';
export { serverFacts, type ServerFacts } from './server/server-facts.ts';
export { explainFailure, openConnection, type OpenOptions } from './connection/open-connection.ts';
export {
  PoolClosedError,
  PoolTimeoutError,
  ShardAccessDeniedError,
  ShardDatabaseMissingError,
  ShardUnavailableError,
} from './connection/connection-errors.ts';
export {
  checkIdentity,
  readIdentity,
  refuseStranger,
  refuseUnsupported,
  type ShardIdentity,
} from './identity/check-identity.ts';
export { FORMAT, READABLE_FORMATS, SHARD_IDENTITY } from './identity/identity-table.ts';
export {
  isIdentityFailure,
  ServerNotSupportedError,
  ShardIdentityError,
  ShardNotIdentifiableError,
  ShardNotWritableError,
  type IdentityMismatch,
} from './identity/identity-errors.ts';
export { inShardLock } from './identity/shard-lock.ts';
export { FleetPools, type Acquired } from './pool/fleet-pools.ts';
export { ID_STEP, PooledConnection } from './pool/pooled-connection.ts';
export type { PoolOptions } from './pool/shard-pool.ts';
