import type { AdoptionRefusedError } from './adopt/adopt-errors.ts';
import type {
  LeaseHeldError,
  LeaseLostError,
  LedgerFormatError,
  LedgerMissingError,
  RolloutHaltedError,
  ShardBusyError,
} from './ledger/ledger-errors.ts';
import type { MigrationFileError } from './migrations/migration-errors.ts';
import type { ParserUnavailableError } from './parser/parser-errors.ts';
import type {
  DatabaseInUseError,
  PrepareFailedError,
  SameDatabaseError,
  SchemaCopyError,
  WritersNotInterleavedError,
} from './prepare/prepare-errors.ts';
import type {
  MigrationNotPlannableError,
  ScratchClosedError,
  ScratchRefusedError,
  TableNotMirroredError,
} from './recording/scratch-errors.ts';
import type {
  MigrationChangedError,
  PlanRefusedError,
  SchemaMovedError,
  StepCheckFailedError,
  StepFailedError,
  TableLockedError,
} from './rollout/rollout-errors.ts';

/** The errors of this package by their codes. */
export interface MigratorErrors {
  readonly SQL_PARSER_UNAVAILABLE: ParserUnavailableError;
  readonly STEP_FAILED: StepFailedError;
  readonly STEP_CHECK_FAILED: StepCheckFailedError;
  readonly TABLE_LOCKED: TableLockedError;
  readonly SCHEMA_MOVED: SchemaMovedError;
  readonly MIGRATION_CHANGED: MigrationChangedError;
  readonly PLAN_REFUSED: PlanRefusedError;
  readonly MIGRATION_FILE_BROKEN: MigrationFileError;
  readonly SCRATCH_REFUSED: ScratchRefusedError;
  readonly SCRATCH_CLOSED: ScratchClosedError;
  readonly TABLE_NOT_MIRRORED: TableNotMirroredError;
  readonly MIGRATION_NOT_PLANNABLE: MigrationNotPlannableError;
  readonly LEDGER_MISSING: LedgerMissingError;
  readonly LEDGER_FORMAT_UNKNOWN: LedgerFormatError;
  readonly LEASE_HELD: LeaseHeldError;
  readonly LEASE_LOST: LeaseLostError;
  readonly SHARD_BUSY: ShardBusyError;
  readonly ROLLOUT_HALTED: RolloutHaltedError;
  readonly ADOPTION_REFUSED: AdoptionRefusedError;
  readonly SAME_DATABASE: SameDatabaseError;
  readonly DATABASE_IN_USE: DatabaseInUseError;
  readonly WRITERS_NOT_INTERLEAVED: WritersNotInterleavedError;
  readonly SCHEMA_COPY: SchemaCopyError;
  readonly PREPARE_FAILED: PrepareFailedError;
}

declare module '@switchyard/shard-context/errors' {
  interface SwitchyardErrors extends MigratorErrors {}
}
