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
