import { SwitchyardError } from '@switchyard/shard-context/internal';

/** An object that no data source loaded or saved has no reference: no one knows where its row is. */
export class RecordUnknownError extends SwitchyardError {
  static override readonly code = 'RECORD_UNKNOWN';
  constructor(what: string, reason: string) {
    super({
      attempted: `make a reference of ${what}`,
      reason,
      remedy: 'Pass a record that was loaded from or saved to the sharded data source',
    });
  }
}
