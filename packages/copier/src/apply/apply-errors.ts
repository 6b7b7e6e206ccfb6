import { SwitchyardError } from '@switchyard/shard-context/internal';

/** Two rows of the original have the same value under a unique key that the target has. */
export class DuplicateUnderNewKeyError extends SwitchyardError {
  static override readonly code = 'DUPLICATE_UNDER_NEW_KEY';
  /** The unique key of the target. */
  readonly uniqueKey: string;
  constructor(table: string, uniqueKey: string, cause: unknown) {
    super(
      {
        attempted: `copy all rows of table ${table}`,
        reason: `two of its rows have the same value under the unique key ${uniqueKey}`,
        remedy: 'Change one of the rows, or leave the unique key out; the original is untouched',
      },
      { cause },
    );
    this.uniqueKey = uniqueKey;
  }
}

/** The server refused a row of the original under the target's definition. */
export class RowDoesNotFitError extends SwitchyardError {
  static override readonly code = 'ROW_DOES_NOT_FIT';
  constructor(table: string, number: number, cause: unknown) {
    super(
      {
        attempted: `copy all rows of table ${table}`,
        reason: `the server refused a row under the new definition with error ${number}`,
        remedy: 'Change the rows that do not fit, or the definition; the original is untouched',
      },
      { cause },
    );
  }
}
