// Exports for Switchyard's own packages only. They may change in any version.
export { Activity } from './activity.ts';
export { causesOf, printName } from './errors.ts';
export { declaredShard } from './declared-shard.ts';
export { isThenable, whenSettled } from './settled.ts';
export { SwitchyardError } from './errors.ts';
export {
  FleetMismatchError,
  RoleUnknownError,
  ShardContextMissingError,
  ShardLockedError,
  ShardSwitchInTransactionError,
  UnknownShardError,
} from './context-errors.ts';
export {
  DirectoryUnavailableError,
  KeyUnknownError,
  RoutingKeyMalformedError,
  ShardNotDeclaredError,
  StaleRouteError,
  TenantFrozenError,
  TenantUnknownError,
} from './routing-errors.ts';
export { shardRefusalOf } from './shard-refusal.ts';
export { describePlace, samePlace } from './frame.ts';
export { runInFrame } from './storage.ts';
export { reportLateUse } from './channels.ts';
export { TopologyInvalidError } from './topology-problems.ts';
export {
  GlobalIdInvalidError,
  GlobalIdKeyError,
  GlobalIdModelRefusedError,
  GlobalIdShardMissingError,
  GlobalIdSignatureError,
} from './gid/gid-errors.ts';
export { modesThatChangeTexts, sessionProblems } from './session/session-problems.ts';
export { TenantNameRefusedError } from './tenant-names.ts';
export {
  LockFileInvalidError,
  ShardNotPreparedError,
  ShardsNotDeclaredError,
} from './lock-file/lock-file.ts';
export { Breaker, type BreakerClock, type BreakerOptions } from './pacing/breaker.ts';
export { Limiter } from './pacing/limiter.ts';
