// For Switchyard's own packages only; semver does not cover it.
export { ALLOW_PREFIXES, whyNoFlag } from './plan/allowed-flags.ts';
export { describeDifference } from './drift/table-differences.ts';
export { freeBytesFor } from './plan/disk-space.ts';
export { outcomeOf, stillHolds } from './plan/outcome.ts';
export { MigrationFileError } from './migrations/migration-errors.ts';
export { ParserUnavailableError } from './parser/parser-errors.ts';
export {
  MigrationNotPlannableError,
  ScratchClosedError,
  ScratchRefusedError,
  TableNotMirroredError,
} from './recording/scratch-errors.ts';
export { failureOf } from './rollout/failure.ts';
export {
  MigrationChangedError,
  PlanRefusedError,
  SchemaMovedError,
  StepCheckFailedError,
  StepFailedError,
  TableLockedError,
} from './rollout/rollout-errors.ts';
export { LEDGER_FORMAT, LEDGER_TABLES, prepareLedger } from './ledger/tables.ts';
export { readLedger } from './ledger/ledger.ts';
export {
  LeaseHeldError,
  LeaseLostError,
  LedgerFormatError,
  LedgerMissingError,
  RolloutHaltedError,
  ShardBusyError,
} from './ledger/ledger-errors.ts';
export {
  DatabaseInUseError,
  PrepareFailedError,
  SameDatabaseError,
  SchemaCopyError,
  WritersNotInterleavedError,
} from './prepare/prepare-errors.ts';
export { AdoptionRefusedError } from './adopt/adopt-errors.ts';
