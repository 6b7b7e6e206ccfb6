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
export { refuseRelationsAcross } from './declarations/relations-across.ts';
export { checkDeclarations, checkPinned } from './declarations/check-declarations.ts';
export {
  CrossDomainRelationError,
  DeclarationInvalidError,
  EntityUndeclaredError,
  IdStrategyMissingError,
  WrongDomainError,
} from './declarations/declaration-errors.ts';
export { classifyStatement } from './statements/statement-cache.ts';
export type { Statement } from './statements/classify.ts';
export type { StatementKind } from './statements/verbs.ts';
export type { Taint } from './statements/effects.ts';
export { originOf } from './records/origin.ts';
export { RecordGuards } from './records/record-guards.ts';
export {
  RecordMisplacedError,
  TenantMismatchError,
  TenantUncheckableError,
} from './records/record-errors.ts';
export { uuidv7 } from './ids/uuid.ts';
export { sameRecord, type RecordIdentity } from './ids/same-record.ts';
export {
  highest,
  raiseIdFloors,
  readIdCeilings,
  type IdCeilings,
  type IdConnection,
} from './ids/id-floors.ts';
export {
  onEachShard,
  type ScatterOptions,
  type ScatterSource,
  type ShardOutcome,
  type ShardTurn,
} from './scatter/on-each-shard.ts';
export { ScatterAbortedError, ScatterDeadlineError } from './scatter/scatter-errors.ts';
export { ShardedDataSource } from './data-source/sharded-data-source.ts';
export type {
  PoolOptions,
  SharedOptions,
  ShardedDataSourceOptions,
} from './data-source/options.ts';
export {
  ContextReportNotAllowedError,
  EnginesMixedError,
  OptionRefusedError,
  TypeormChangedError,
} from './data-source/data-source-errors.ts';
export { contextMissingChannel, type ContextMissing } from './data-source/context-missing.ts';
export { ContextMissingFile } from './data-source/context-missing-file.ts';
export {
  ContextReadOnlyError,
  FenceLostError,
  OutcomeUnknownError,
  RunnerMisplacedError,
  StatementRefusedError,
  TransactionPoisonedError,
  WriteNotFencedError,
} from './runner/runner-errors.ts';
export { queryChannel, type ShardQuery } from './runner/query-channel.ts';
export {
  ShardTenantConflictError,
  TenantBusyError,
  TenantNotOnShardError,
} from './fence/fence-errors.ts';
export type { LockHolder } from './fence/lock-holders.ts';
export { ShardTenantTable, type ShardTenantTableOptions } from './fence/shard-tenant-table.ts';
export {
  ServerNotSupportedError,
  ShardIdentityError,
  ShardNotIdentifiableError,
  ShardNotWritableError,
  type IdentityMismatch,
} from './identity/identity-errors.ts';
export { type ShardIdentity } from './identity/check-identity.ts';
export {
  identifyShard,
  type IdentifiedShard,
  type IdentifyOptions,
} from './identity/identify-shard.ts';
export {
  PoolClosedError,
  PoolTimeoutError,
  ShardAccessDeniedError,
  ShardDatabaseMissingError,
  ShardUnavailableError,
} from './pool/pool-errors.ts';
export { connectToShard, type ConnectOptions } from './system/connect-to-shard.ts';
export { escapeIdentifier } from './system/escape-identifier.ts';
export { prepareShard, type PreparedShard, type PrepareOptions } from './system/prepare-shard.ts';
export { RecordFinder } from './records/record-finder.ts';
export { RecordUnknownError } from './records/find-errors.ts';
export type { FleetDataSource } from './records/search.ts';
export { copyRecordForAnotherShard, type CopyRecordOptions } from './records/copy-record.ts';
