export { defineFleet, start } from './define-fleet.ts';
export { serverAt, type ServerAddress } from './server-at.ts';
export { isFleet, type SwitchyardFleet } from './switchyard-fleet.ts';
export type {
  DirectoryInMySql,
  DirectoryInStore,
  FleetDataSourceOptions,
  FleetDirectory,
  FleetJobs,
  FleetOptions,
  FleetShard,
} from './fleet-options.ts';
export type { MigrateOptions } from './schema-changes.ts';
export type {
  FleetNotClosedError,
  FleetOptionsInvalidError,
  FleetUsedError,
  QueueUndeclaredError,
} from './fleet-errors.ts';
// What almost every file of a service needs, so that one package is enough to begin with.
export { Pinned, Sharded } from '@switchyard/models';
export {
  bindShard,
  currentShard,
  currentTenant,
  isSwitchyardError,
  onRole,
  readOnly,
  unfenced,
  unlocked,
  writable,
} from '@switchyard/shard-context';
export type { FleetErrors } from './error-codes.ts';
// Its codes belong to the union of a project that knows the fleet alone.
export type { MySqlErrors } from '@switchyard/mysql';
