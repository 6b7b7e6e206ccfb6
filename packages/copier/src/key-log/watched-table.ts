import type { Column } from '../table/table.ts';

/** A table whose changes are recorded. */
export interface WatchedTable {
  readonly name: string;
  /** The columns that name a change: the table's key; of a parent, the columns that children use. */
  readonly key: readonly Column[];
  /**
   * Columns by which rows of other tables hang on a row. An update that changes one of them, byte
   * by byte, stands for the rows below.
   */
  readonly referenced: readonly Column[];
  /** True for a parent: only changes that stand for the rows below are recorded. */
  readonly onlyForRowsBelow: boolean;
}
