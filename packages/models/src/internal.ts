// For Switchyard's own packages only; semver does not cover it.
export { refuseRelationsAcross } from './declarations/relations-across.ts';
export { checkDeclarations } from './declarations/check-declarations.ts';
export {
  CrossDomainRelationError,
  DeclarationInvalidError,
  EntityUndeclaredError,
  IdStrategyMissingError,
  WrongDomainError,
} from './declarations/declaration-errors.ts';
export { classifyStatement } from './statements/statement-cache.ts';
export { RecordGuards } from './tenancy/record-guards.ts';
export {
  RecordMisplacedError,
  IdGivenError,
  TableWithoutEntityError,
  TenantMismatchError,
  TenantUncheckableError,
} from './record-errors.ts';
export { FENCE_TABLES } from './fence/prepare-fence.ts';
export { highest, raiseIdFloors, readIdCeilings } from './ids/id-floors.ts';
export { ScatterAbortedError, ScatterDeadlineError } from './scatter/scatter-errors.ts';
export {
  ContextReportNotAllowedError,
  EnginesMixedError,
  OptionRefusedError,
  TypeormChangedError,
} from './data-source-errors.ts';
export {
  ContextReadOnlyError,
  FenceLostError,
  OutcomeUnknownError,
  RunnerMisplacedError,
  StatementRefusedError,
  TransactionPoisonedError,
  WriteNotFencedError,
} from './runner/runner-errors.ts';
export {
  ShardTenantConflictError,
  TenantBusyError,
  TenantNotOnShardError,
} from './fence/fence-errors.ts';
export { RecordUnknownError } from './locate/find-errors.ts';
export { MoverLostError } from './fence/fence-errors.ts';
