import type { DuplicateUnderNewKeyError, RowDoesNotFitError } from './apply/apply-errors.ts';
import type { CopyTablesChangedError } from './cut-over/which-tables.ts';
import type { CopyBusyError } from './locks/lease.ts';
import type { TableStaysLockedError } from './locks/lock-errors.ts';
import type {
  ChangeSourceLostError,
  ChangeSourceUnusableError,
  TableNotCopyableError,
} from './session/copier-errors.ts';
import type {
  CopySwappedError,
  DefinitionRefusedError,
  OtherCopyBegunError,
} from './shadow/copy-errors.ts';
import type { RowsDifferError } from './verify/verify-errors.ts';

/** The errors of this package by their codes. */
export interface CopierErrors {
  readonly DUPLICATE_UNDER_NEW_KEY: DuplicateUnderNewKeyError;
  readonly ROW_DOES_NOT_FIT: RowDoesNotFitError;
  readonly COPY_TABLES_CHANGED: CopyTablesChangedError;
  readonly TABLE_NOT_COPYABLE: TableNotCopyableError;
  readonly CHANGE_SOURCE_UNUSABLE: ChangeSourceUnusableError;
  readonly CHANGE_SOURCE_LOST: ChangeSourceLostError;
  readonly OTHER_COPY_BEGUN: OtherCopyBegunError;
  readonly COPY_SWAPPED: CopySwappedError;
  readonly DEFINITION_REFUSED: DefinitionRefusedError;
  readonly ROWS_DIFFER: RowsDifferError;
  readonly TABLE_STAYS_LOCKED: TableStaysLockedError;
  readonly COPY_BUSY: CopyBusyError;
}

declare module '@switchyard/shard-context/errors' {
  interface SwitchyardErrors extends CopierErrors {}
}
