import { SwitchyardError } from '@switchyard/shard-context/internal';
import { failureNumber } from '@switchyard/mysql/internal';

/** A copy of the table towards another definition was begun and not ended. Nothing was changed. */
export class OtherCopyBegunError extends SwitchyardError {
  static override readonly code = 'OTHER_COPY_BEGUN';
  constructor(table: string) {
    super({
      attempted: `copy table ${table}`,
      reason: 'a copy towards another definition was begun and is not ended',
      remedy: 'Go on with that one, or abort it first',
    });
  }
}

/** The tables were swapped already: there is nothing left that an abort could keep as it was. */
export class CopySwappedError extends SwitchyardError {
  static override readonly code = 'COPY_SWAPPED';
  constructor(table: string) {
    super({
      attempted: `abort the copy of table ${table}`,
      reason: 'the new table is in its place already',
      remedy: 'Run the copy again: it only removes what is left',
    });
  }
}

/** The server refused the new definition on an empty table. Nothing was changed. */
export class DefinitionRefusedError extends SwitchyardError {
  static override readonly code = 'DEFINITION_REFUSED';
  constructor(table: string, cause: unknown) {
    super(
      {
        attempted: `give table ${table} its new definition`,
        reason: `the server refused it on an empty table with error ${failureNumber(cause)}`,
        remedy: 'Correct the clauses; the cause has the words of the server',
      },
      { cause },
    );
  }
}
