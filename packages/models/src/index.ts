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
