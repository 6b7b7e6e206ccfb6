export type { Outcome } from './plan/outcome.ts';
export type { SchemaCheck, TableState } from './plan/schema-check.ts';
export {
  loadMigrations,
  type LoadOptions,
  type MigrationSources,
} from './migrations/load-migrations.ts';
export type { MigrationClass, MigrationFile } from './migrations/migration-file.ts';
export type { MigrationFileError } from './migrations/migration-errors.ts';
export { createPlanner } from './planner/create-planner.ts';
export { formatPlan, type FormatOptions, type PlanTone } from './plan/format-plan.ts';
export type { ParserUnavailableError } from './parser/parser-errors.ts';
export type {
  MigrationNotPlannableError,
  ScratchClosedError,
  ScratchRefusedError,
  TableNotMirroredError,
} from './recording/scratch-errors.ts';
export type {
  Blocker,
  CopyDefinition,
  DataCheck,
  Direction,
  PlanRefusal,
  ShardPlan,
  Step,
  StepLock,
} from './plan/plan.ts';
export type {
  Planner,
  PlannerOptions,
  PlanPolicy,
  PlanRequest,
  PlanShard,
} from './plan/planner.ts';
export type { StepPath } from './ladder/path.ts';
export { thisAuthor, type Fleet } from './rollout/fleet.ts';
export { removeLeftCopies, type LeftCopy } from './fleet/left-copies.ts';
export { forecastFleet } from './fleet/forecast.ts';
export { findDrift, type DriftRequest, type ShardDrift } from './fleet/find-drift.ts';
export type { Difference } from './drift/table-differences.ts';
export type { PlanningEvent } from './fleet/planning-event.ts';
export type { Forecast, RolloutRequest } from './rollout/shard-forecast.ts';
export { askFleet, readLeases, type ControlOutcome } from './rollout/fleet-control.ts';
export {
  readFleetStatus,
  type AppliedMigration,
  type FleetStatus,
  type OpenEntry,
  type ShardStatus,
} from './fleet/status.ts';
export { rollOut, type RolloutReport } from './rollout/rollout.ts';
export type {
  KillRule,
  RolloutPolicy,
  StopPolicy,
  WaveSelector,
} from './rollout/rollout-policy.ts';
export type {
  Failure,
  OnEvent,
  RolloutEvent,
  ShardOutcome,
  ShardResult,
} from './rollout/events.ts';
export type { OpenShard } from './rollout/shard-session.ts';
export type {
  MigrationChangedError,
  PlanRefusedError,
  SchemaMovedError,
  StepCheckFailedError,
  StepFailedError,
  TableLockedError,
} from './rollout/rollout-errors.ts';
export type { Author, LedgerDirection, LedgerRow, LedgerState } from './ledger/ledger.ts';
export type { Control, LeaseRow } from './ledger/lease.ts';
export type {
  LeaseHeldError,
  LeaseLostError,
  LedgerFormatError,
  LedgerMissingError,
  RolloutHaltedError,
  ShardBusyError,
} from './ledger/ledger-errors.ts';
export { prepareFleet, type PrepareEvent, type PrepareRequest } from './prepare/prepare.ts';
export type {
  DatabaseInUseError,
  PrepareFailedError,
  SameDatabaseError,
  SchemaCopyError,
  WritersNotInterleavedError,
} from './prepare/prepare-errors.ts';
export { adopt, type AdoptEvent } from './adopt/adopt.ts';
export {
  readAdoption,
  type Adoption,
  type AdoptRequest,
  type BaselineMigration,
} from './adopt/adoption.ts';
export type { NarrowId } from './adopt/narrow-ids.ts';
export type { TenantSource } from './adopt/tenant-source.ts';
export type { IdFloor } from './prepare/id-floors.ts';
export type { AdoptionRefusedError } from './adopt/adopt-errors.ts';
export type { MigratorErrors } from './error-codes.ts';
