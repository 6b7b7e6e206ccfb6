export { type SwitchyardError, isSwitchyardError, type Refusal } from './errors.ts';
export type { SwitchyardErrorCode, SwitchyardErrors } from './errors.ts';
export type {
  FleetMismatchError,
  RoleUnknownError,
  ShardContextMissingError,
  ShardLockedError,
  ShardSwitchInTransactionError,
  UnknownShardError,
} from './context-errors.ts';
export type {
  DirectoryUnavailableError,
  KeyUnknownError,
  ShardNotDeclaredError,
  StaleRouteError,
  TenantFrozenError,
  TenantUnknownError,
} from './routing-errors.ts';
export type { ShardRefusal } from './shard-refusal.ts';
export type { Frame, Place, Role } from './frame.ts';
export type { Activity } from './activity.ts';
export type { AfterCommit, TransactionOutcome } from './after-commit.ts';
export { currentFrame, currentShard, currentTenant, outsideContext } from './storage.ts';
export { bindShard, onRole, readOnly, unfenced, unlocked, writable } from './scope.ts';
export { ShardContext, type EnterOptions, type TenantPlace } from './shard-context.ts';
export { channels, type Escape, type LateUse, type ShardQuery } from './events.ts';
export {
  type TenantNameRefusedError,
  TenantNames,
  type TenantNameForm,
  type TenantNameLimit,
  type TenantNamesDefinition,
} from './tenant-names.ts';
export { defineTopology, Topology } from './topology.ts';
export type { TopologyInvalidError, TopologyProblem } from './topology-problems.ts';
export type { SessionDefinition } from './session/session-definition.ts';
export type {
  CleartextCredentials,
  Credentials,
  Endpoint,
  PasswordCredentials,
  Pem,
  Engine,
  Server,
  ServerDefinition,
  ServerTls,
  Shard,
  ShardDefinition,
  TopologyDefinition,
  TopologyPart,
} from './topology-definition.ts';
export {
  LockFile,
  type LockFileInvalidError,
  type ShardNotPreparedError,
  type ShardsNotDeclaredError,
  type ExpectedIdentity,
} from './lock-file/lock-file.ts';
export type {
  LocatedRecord,
  LocateOptions,
  LocateRecordsOptions,
  Locator,
  Placement,
  PlacementState,
  RecordLocator,
  RecordReference,
  RoutingKey,
} from './ports/locators.ts';
export type {
  Arrival,
  FoundShardTenant,
  Freeze,
  ListShardTenants,
  MoverLease,
  Seal,
  ShardTenant,
  ShardTenantChange,
  ShardTenants,
  ShardTenantState,
} from './ports/shard-tenants.ts';
export type { ShardContextErrors } from './error-codes.ts';
