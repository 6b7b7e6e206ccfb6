// For Switchyard's own packages only; semver does not cover it.
export {
  ChangeSourceLostError,
  ChangeSourceUnusableError,
  TableNotCopyableError,
} from './session/copier-errors.ts';
export {
  CopySwappedError,
  DefinitionRefusedError,
  OtherCopyBegunError,
} from './shadow/copy-errors.ts';
export { CopyBusyError } from './locks/lease.ts';
export { CopyTablesChangedError } from './cut-over/which-tables.ts';
export { DuplicateUnderNewKeyError, RowDoesNotFitError } from './apply/apply-errors.ts';
export { TableStaysLockedError } from './locks/lock-errors.ts';
export { RowsDifferError } from './verify/verify-errors.ts';
export { LowWaterMark } from './key-log/low-water-mark.ts';
export { longHolders } from './locks/long-holders.ts';
export { openSession, type CopierSession } from './session/open-session.ts';
