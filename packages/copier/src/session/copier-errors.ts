import { SwitchyardError } from '@switchyard/shard-context/internal';

/** The table has something that the copier cannot carry exactly. Nothing was changed. */
export class TableNotCopyableError extends SwitchyardError {
  static override readonly code = 'TABLE_NOT_COPYABLE';
  constructor(table: string, reason: string, remedy: string) {
    super({ attempted: `copy table ${table}`, reason, remedy });
  }
}

/** The server cannot record changes without loss. Nothing was changed. */
export class ChangeSourceUnusableError extends SwitchyardError {
  static override readonly code = 'CHANGE_SOURCE_UNUSABLE';
  constructor(table: string, refusal: { reason: string; remedy: string }, cause?: unknown) {
    super({ attempted: `record the changes of table ${table}`, ...refusal }, { cause });
  }
}

/** Changes may be missing: what was copied so far is worth nothing. The original is untouched. */
export class ChangeSourceLostError extends SwitchyardError {
  static override readonly code = 'CHANGE_SOURCE_LOST';
  static override readonly retryable = true;
  constructor(table: string, reason: string) {
    super({
      attempted: `go on copying table ${table}`,
      reason,
      remedy: 'Abort the copy, then start it again from the beginning',
    });
  }
}
