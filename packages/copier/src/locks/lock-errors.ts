import { SwitchyardError } from '@switchyard/shard-context/internal';

/** The table could not be locked in time. Nothing was changed. */
export class TableStaysLockedError extends SwitchyardError {
  static override readonly code = 'TABLE_STAYS_LOCKED';
  static override readonly retryable = true;
  constructor(table: string, reason: string) {
    super({
      attempted: `lock table ${table}`,
      reason: `it stayed in use: ${reason}`,
      remedy: 'End those transactions, or try at a quieter time',
    });
  }
}
