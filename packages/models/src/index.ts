export {
  Pinned,
  Sharded,
  declarationOf,
  pinnedSchema,
  shardedSchema,
} from './declarations/declare.ts';
export type {
  Declaration,
  IdStrategy,
  PinnedDeclaration,
  PinnedOptions,
  ShardedDeclaration,
  ShardedOptions,
  TenantKey,
} from './declarations/declaration.ts';

export {
  fitNamesToColumns,
  problemOfCollation,
  tenantColumnsOf,
  type TenantColumn,
} from './declarations/tenant-columns.ts';
export { checkPinned } from './declarations/check-declarations.ts';
export type {
  CrossDomainRelationError,
  DeclarationInvalidError,
  EntityUndeclaredError,
  IdStrategyMissingError,
  WrongDomainError,
} from './declarations/declaration-errors.ts';

export type { Statement } from './statements/classify.ts';
export type { StatementKind } from './statements/verbs.ts';
export type { Taint } from './statements/effects.ts';
export { originOf } from './provenance/origin.ts';

export type {
  RecordMisplacedError,
  IdGivenError,
  TableWithoutEntityError,
  TenantMismatchError,
  TenantUncheckableError,
} from './record-errors.ts';
export { withGivenId } from './ids/given-ids.ts';
export { withoutEntity } from './typeorm/tables-without-entity.ts';
export { uuidv7 } from './ids/uuid.ts';
export { sameRecord, type RecordIdentity } from './provenance/same-record.ts';
export type { IdCeilings, IdConnection } from './ids/id-floors.ts';
export {
  onEachShard,
  type ScatterOptions,
  type ScatterSource,
  type ScatterOutcome,
  type ShardTurn,
} from './scatter/on-each-shard.ts';
export type { ScatterAbortedError, ScatterDeadlineError } from './scatter/scatter-errors.ts';
export { ShardedDataSource } from './data-source/sharded-data-source.ts';
export type { DataSourcePoolOptions, SharedOptions, ShardedDataSourceOptions } from './options.ts';
export type {
  ContextReportNotAllowedError,
  EnginesMixedError,
  OptionRefusedError,
  TypeormChangedError,
} from './data-source-errors.ts';
export { contextMissingChannel, type ContextMissing } from './data-source/context-missing.ts';
export { ContextMissingFile } from './data-source/context-missing-file.ts';
export type {
  ContextReadOnlyError,
  FenceLostError,
  OutcomeUnknownError,
  RunnerMisplacedError,
  StatementRefusedError,
  TransactionPoisonedError,
  WriteNotFencedError,
} from './runner/runner-errors.ts';
export type {
  MoverLostError,
  ShardTenantConflictError,
  TenantBusyError,
  TenantNotOnShardError,
  LockHolder,
} from './fence/fence-errors.ts';
export { holdForMover, type MoverHold } from './fence/mover-permission.ts';
export { ShardTenantTable, type ShardTenantTableOptions } from './operate/shard-tenant-table.ts';
export { prepareShard, type PreparedShard, type PrepareOptions } from './operate/prepare-shard.ts';
export { RecordFinder } from './locate/record-finder.ts';
export type { RecordUnknownError } from './locate/find-errors.ts';
export type { FleetDataSource } from './locate/search.ts';
export { copyRecordForAnotherShard, type CopyRecordOptions } from './provenance/copy-record.ts';
export type { ModelsErrors } from './error-codes.ts';
