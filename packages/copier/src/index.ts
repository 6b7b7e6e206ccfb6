export { noThrottler, strictestOf } from './throttle/throttler.ts';
export type { Throttler, ThrottleDecision, ThrottleReading } from './throttle/throttler.ts';
export type { ChangeBatch, ChangeSource, KeyChange } from './changes/change-source.ts';
export { alwaysPermitted, type Permission } from './apply/permission.ts';
export type { ColumnPair, Predicate, RowCarrier, TablePair } from './apply/row-carrier.ts';
export type { KeyRange } from './chunks/key-range.ts';
export type { Key, RawValue } from './table/raw-value.ts';
export type { Column, ColumnFamily, TableDescription, UniqueKey } from './table/table.ts';
export { COPY_STEPS, noFailpoints, type CopyStep, type Failpoints } from './progress/failpoints.ts';
export type { CopyEvent, CopyPhase, OnCopyEvent } from './progress/progress.ts';
export {
  ChangeSourceLostError,
  ChangeSourceUnusableError,
  TableNotCopyableError,
} from './session/copier-errors.ts';
