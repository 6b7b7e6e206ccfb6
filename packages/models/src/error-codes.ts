import type {
  ContextReportNotAllowedError,
  EnginesMixedError,
  OptionRefusedError,
  TypeormChangedError,
} from './data-source-errors.ts';
import type {
  CrossDomainRelationError,
  DeclarationInvalidError,
  EntityUndeclaredError,
  IdStrategyMissingError,
  WrongDomainError,
} from './declarations/declaration-errors.ts';
import type {
  MoverLostError,
  ShardTenantConflictError,
  TenantBusyError,
  TenantNotOnShardError,
} from './fence/fence-errors.ts';
import type { RecordUnknownError } from './locate/find-errors.ts';
import type {
  IdGivenError,
  RecordMisplacedError,
  TableWithoutEntityError,
  TenantMismatchError,
  TenantUncheckableError,
} from './record-errors.ts';
import type {
  ContextReadOnlyError,
  FenceLostError,
  OutcomeUnknownError,
  RunnerMisplacedError,
  StatementRefusedError,
  TransactionPoisonedError,
  WriteNotFencedError,
} from './runner/runner-errors.ts';
import type { ScatterAbortedError, ScatterDeadlineError } from './scatter/scatter-errors.ts';

/** The errors of this package by their codes. */
export interface ModelsErrors {
  readonly OPTION_REFUSED: OptionRefusedError;
  readonly ENGINES_MIXED: EnginesMixedError;
  readonly TYPEORM_CHANGED: TypeormChangedError;
  readonly CONTEXT_REPORT_NOT_ALLOWED: ContextReportNotAllowedError;
  readonly RECORD_MISPLACED: RecordMisplacedError;
  readonly TENANT_MISMATCH: TenantMismatchError;
  readonly TENANT_UNCHECKABLE: TenantUncheckableError;
  readonly ID_GIVEN: IdGivenError;
  readonly TABLE_WITHOUT_ENTITY: TableWithoutEntityError;
  readonly TENANT_NOT_ON_SHARD: TenantNotOnShardError;
  readonly SHARD_TENANT_CONFLICT: ShardTenantConflictError;
  readonly TENANT_BUSY: TenantBusyError;
  readonly MOVER_LOST: MoverLostError;
  readonly RUNNER_MISPLACED: RunnerMisplacedError;
  readonly CONTEXT_READ_ONLY: ContextReadOnlyError;
  readonly STATEMENT_REFUSED: StatementRefusedError;
  readonly WRITE_NOT_FENCED: WriteNotFencedError;
  readonly TRANSACTION_POISONED: TransactionPoisonedError;
  readonly OUTCOME_UNKNOWN: OutcomeUnknownError;
  readonly FENCE_LOST: FenceLostError;
  readonly SCATTER_DEADLINE: ScatterDeadlineError;
  readonly SCATTER_ABORTED: ScatterAbortedError;
  readonly RECORD_UNKNOWN: RecordUnknownError;
  readonly DECLARATION_INVALID: DeclarationInvalidError;
  readonly ENTITY_UNDECLARED: EntityUndeclaredError;
  readonly ID_STRATEGY_MISSING: IdStrategyMissingError;
  readonly CROSS_DOMAIN_RELATION: CrossDomainRelationError;
  readonly WRONG_DOMAIN: WrongDomainError;
}

declare module '@switchyard/shard-context/errors' {
  interface SwitchyardErrors extends ModelsErrors {}
}
