import type {
  FleetMismatchError,
  RoleUnknownError,
  ShardContextMissingError,
  ShardLockedError,
  ShardSwitchInTransactionError,
  UnknownShardError,
} from './context-errors.ts';
import type {
  GlobalIdInvalidError,
  GlobalIdKeyError,
  GlobalIdModelRefusedError,
  GlobalIdShardMissingError,
  GlobalIdSignatureError,
} from './gid/gid-errors.ts';
import type {
  LockFileInvalidError,
  ShardNotPreparedError,
  ShardsNotDeclaredError,
} from './lock-file/lock-file.ts';
import type {
  DirectoryUnavailableError,
  KeyUnknownError,
  RoutingKeyMalformedError,
  ShardNotDeclaredError,
  StaleRouteError,
  TenantFrozenError,
  TenantUnknownError,
} from './routing-errors.ts';
import type { TenantNameRefusedError } from './tenant-names.ts';
import type { TopologyInvalidError } from './topology-problems.ts';

/** The errors of this package by their codes. */
export interface ShardContextErrors {
  readonly STALE_ROUTE: StaleRouteError;
  readonly TENANT_FROZEN: TenantFrozenError;
  readonly SHARD_NOT_DECLARED: ShardNotDeclaredError;
  readonly KEY_UNKNOWN: KeyUnknownError;
  readonly TENANT_UNKNOWN: TenantUnknownError;
  readonly DIRECTORY_UNAVAILABLE: DirectoryUnavailableError;
  readonly ROUTING_KEY_MALFORMED: RoutingKeyMalformedError;
  readonly TOPOLOGY_INVALID: TopologyInvalidError;
  readonly SHARD_CONTEXT_MISSING: ShardContextMissingError;
  readonly SHARD_UNKNOWN: UnknownShardError;
  readonly SHARD_LOCKED: ShardLockedError;
  readonly SHARD_SWITCH_IN_TRANSACTION: ShardSwitchInTransactionError;
  readonly ROLE_UNKNOWN: RoleUnknownError;
  readonly FLEET_MISMATCH: FleetMismatchError;
  readonly TENANT_NAME_REFUSED: TenantNameRefusedError;
  readonly SHARD_NOT_PREPARED: ShardNotPreparedError;
  readonly LOCK_FILE_INVALID: LockFileInvalidError;
  readonly SHARDS_NOT_DECLARED: ShardsNotDeclaredError;
  readonly GLOBAL_ID_INVALID: GlobalIdInvalidError;
  readonly GLOBAL_ID_SHARD_MISSING: GlobalIdShardMissingError;
  readonly GLOBAL_ID_SIGNATURE_INVALID: GlobalIdSignatureError;
  readonly GLOBAL_ID_MODEL_REFUSED: GlobalIdModelRefusedError;
  readonly GLOBAL_ID_KEY_INVALID: GlobalIdKeyError;
}

declare module './errors.ts' {
  interface SwitchyardErrors extends ShardContextErrors {}
}
