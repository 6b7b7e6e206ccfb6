export { Directory, type DirectoryHealth, type DirectoryOptions } from './directory.ts';
export type { ExportedRow, Page, PageOptions } from './listing.ts';
export type { LocateOutcome } from './locate-outcome.ts';
export type { AuditOptions, AuditReport } from './audit/audit.ts';
export type { Contradiction, Finding } from './audit/finding.ts';
export type { RebuildOptions, Repair, RightSide } from './audit/rebuild.ts';
export { Router, type RouterOptions, type RunOptions } from './router.ts';
export { TenantSwitch, type FreezeOptions, type TenantSwitchOptions } from './tenant-switch.ts';
export type {
  FrozenMove,
  MovePath,
  SwitchStep,
  TenantMove,
  ThawMove,
} from './moves/tenant-move.ts';
export type { WaitingRoomOptions } from './waiting-room.ts';
export type { AssignmentWish } from './placement/placement-policy.ts';
export type { HashSecret, KeyHashOptions } from './keys/key-hash.ts';
export type { KeyKind } from './keys/key-format.ts';
export type { CacheOptions, Clock } from './cache/cache-options.ts';
export type { StoreHealth } from './cache/health.ts';
export type {
  ChangedPlacements,
  DirectoryStore,
  FoundKey,
  StoreReadOptions,
  StoredKey,
} from './contract/directory-store.ts';
export {
  directoryChannels,
  type HealthChange,
  type Located,
  type PlacementSeen,
  type ServedStale,
  type StoreRead,
} from './contract/channels.ts';
export type {
  AssignmentImpossibleError,
  DirectoryNotPreparedError,
  DirectoryOptionsInvalidError,
  KeyMalformedError,
  KeyTakenError,
  PlacementChangedError,
  PlacementInvalidError,
  TenantSwitchRefusedError,
} from './contract/errors.ts';
export type { DirectoryErrors } from './error-codes.ts';
