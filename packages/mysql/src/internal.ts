// For Switchyard's own packages only; semver does not cover it.
export { escapeIdentifier } from './server/escape-identifier.ts';
export { isConnectionLost, wasNotSent } from './server/connection-loss.ts';
export {
  asksForChange,
  foundReadOnly,
  hasRolledBack,
  isAccessDenied,
} from './server/driver-failures.ts';
export { failureNumber, failureText, isServerError, ServerError } from './server/server-errors.ts';
export { explainGrant, GrantMissingError, isGrantMissing } from './server/grant-missing.ts';
export { isAtLeast } from './server/server-version.ts';
export { transactionAgeMs, transactionBeganMicros } from './server/transaction-age.ts';
export { serverFacts, type ServerFacts } from './server/server-facts.ts';
export { CleartextRefusedError, TlsRefusedError } from './connection/tls-errors.ts';
export {
  logIn,
  type LoginServer,
  type LoginTarget,
  type OpenOptions,
} from './connection/log-in.ts';
export {
  explainFailure,
  openConnection,
  openServerConnection,
} from './connection/open-connection.ts';
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
export { IDENTITY_TABLES } from './identity/identity-table.ts';
export { identityOf, stampIdentity } from './identity/stamp-identity.ts';
export {
  isIdentityFailure,
  ServerNotSupportedError,
  ShardIdentityError,
  ShardNotIdentifiableError,
  ShardNotWritableError,
  type IdentityMismatch,
} from './identity/identity-errors.ts';
export {
  makeSystemTables,
  type SystemTable,
  type SystemTableUpgrade,
} from './system-tables/system-table.ts';
export { SYSTEM_TABLES } from './identity/system-tables.ts';
export { inShardLock } from './identity/shard-lock.ts';
export { FleetPools, type Acquired } from './pool/fleet-pools.ts';
export { PooledConnection, type CompiledRows } from './pool/pooled-connection.ts';
export { ID_STEP, prepareSession } from './session/prepare-session.ts';
export { SessionRefusedError } from './session/session-errors.ts';
export { askSession, asDefinition, type GivenSession } from './session/ask-session.ts';
export { sessionOf, type Session } from './session/session-of.ts';
export { ServerSlots } from './pool/server-slots.ts';
export { ConnectionPool, type PoolOptions, type PoolTarget } from './pool/connection-pool.ts';
export { scan, type Scan, type Token } from './sql/scanner.ts';
