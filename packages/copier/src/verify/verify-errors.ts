import { SwitchyardError } from '@switchyard/shard-context/internal';

/** Rows of the shadow differ from the original's after they were written again. */
export class RowsDifferError extends SwitchyardError {
  static override readonly code = 'ROWS_DIFFER';
  /** How many of the rows that were looked at differ. */
  readonly rows: number;
  /** Columns in which they differ. */
  readonly columns: readonly string[];
  constructor(table: string, rows: number, columns: readonly string[]) {
    super({
      attempted: `swap the copy of table ${table} in`,
      reason: `${rows} of its rows differ from the original in ${columns.join(', ') || 'being there'} after they were copied again`,
      remedy:
        'Say with the clauses how those values convert, or change the table in place; the original is untouched',
    });
    this.rows = rows;
    this.columns = columns;
  }
}
