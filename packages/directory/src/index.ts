export {
  Directory,
  type DirectoryHealth,
  type DirectoryOptions,
  type ExportedRow,
  type LocateOutcome,
  type Page,
  type PageOptions,
} from './directory.ts';
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
  ReadOptions,
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
export {
  AssignmentImpossibleError,
  DirectoryNotPreparedError,
  DirectoryOptionsInvalidError,
  KeyMalformedError,
  KeyTakenError,
  PlacementChangedError,
  PlacementInvalidError,
  TenantSwitchRefusedError,
} from './contract/errors.ts';
