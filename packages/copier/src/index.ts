export { noThrottler, strictestOf } from './throttle/throttler.ts';
export type { Throttler, ThrottleDecision, ThrottleReading } from './throttle/throttler.ts';
export type { ChangeBatch, ChangeSource, KeyChange } from './changes/change-source.ts';
export { alwaysPermitted, type Permission } from './apply/permission.ts';
export type { ColumnPair, Predicate, RowCarrier, TablePair } from './apply/row-carrier.ts';
export type { KeyRange } from './chunks/key-range.ts';
export type { Key, RawValue } from './session/raw-value.ts';
export type { Column, ColumnFamily, TableDescription, UniqueKey } from './table/table.ts';
export { COPY_STEPS, noFailpoints, type CopyStep, type Failpoints } from './progress/failpoints.ts';
export type { CopyEvent, CopyPhase, OnCopyEvent } from './progress/progress.ts';
export type {
  ChangeSourceLostError,
  ChangeSourceUnusableError,
  TableNotCopyableError,
} from './session/copier-errors.ts';
export { abortCopy, copyTable, type ShadowCopyResult } from './shadow/shadow-copy.ts';
export { checkTable, copyIsBegun, tryDefinition } from './shadow/plan-copy.ts';
export type { NewDefinition } from './copying/new-definition.ts';
export type { ShadowCopyOptions } from './copying/copy-context.ts';
export type {
  CopySwappedError,
  DefinitionRefusedError,
  OtherCopyBegunError,
} from './shadow/copy-errors.ts';
export type { CopyBusyError } from './locks/lease.ts';
export type { CopyTablesChangedError } from './cut-over/which-tables.ts';
export type { DuplicateUnderNewKeyError, RowDoesNotFitError } from './apply/apply-errors.ts';
export type { TableStaysLockedError } from './locks/lock-errors.ts';
export type { RowsDifferError } from './verify/verify-errors.ts';
export type { CopierErrors } from './error-codes.ts';
