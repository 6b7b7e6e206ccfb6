import type { Connection } from 'mysql2/promise';
import type { KeyRange } from '../chunks/key-range.ts';
import type { Key } from '../session/raw-value.ts';
import type { Column, TableDescription } from '../table/table.ts';

/** A column of the source and the one of the target that takes its values. */
export interface ColumnPair {
  readonly from: Column;
  readonly to: Column;
}

/** Which rows of the source belong to the copy: SQL over its columns, values bound. */
export interface Predicate {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** A table and the one that its rows go to. */
export interface TablePair {
  readonly source: TableDescription;
  readonly target: TableDescription;
  readonly columns: readonly ColumnPair[];
  /** undefined: all rows. */
  readonly where: Predicate | undefined;
}

/**
 * Carries the rows of one table to its target. All methods run inside an open READ COMMITTED
 * transaction of the target's session, after the permission was asked; none begins or ends one.
 * Rows are deleted and inserted, never REPLACE, IGNORE or ON DUPLICATE KEY UPDATE: those lose rows
 * under a unique key that the source does not have. Two implementations: one statement on the same
 * server; a consistent read there and INSERT … VALUES here across servers.
 */
export interface RowCarrier {
  readonly pair: TablePair;
  /** Removes the rows of these keys from the target, where they are. */
  deleteKeys(target: Connection, keys: readonly Key[]): Promise<void>;
  /** Writes the rows that the source has now for these keys. Answers how many there were. */
  insertKeys(target: Connection, keys: readonly Key[]): Promise<number>;
  /** Replaces the target's rows of a range by the source's. Answers how many there are. */
  copyRange(target: Connection, range: KeyRange): Promise<number>;
}
