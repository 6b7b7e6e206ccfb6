import { SwitchyardError } from '@switchyard/shard-context/internal';

/** A shard had not answered when the scatter's deadline came. Its work may still be running. */
export class ScatterDeadlineError extends SwitchyardError {
  static override readonly code = 'SCATTER_DEADLINE';
  static override readonly retryable = true;
  constructor(shard: string, deadlineMs: number, began: boolean) {
    super({
      attempted: 'scatter',
      shard,
      reason: began
        ? `it had not ended after ${deadlineMs} ms; it was told to stop, and may still run`
        : `its turn had not come after ${deadlineMs} ms; it was not begun`,
      remedy: 'Ask this shard again, raise deadlineMs or concurrency, or stop on the signal',
    });
  }
}

/** The scatter's signal was aborted before this shard's turn came. Nothing ran on it. */
export class ScatterAbortedError extends SwitchyardError {
  static override readonly code = 'SCATTER_ABORTED';
  static override readonly retryable = true;
  constructor(shard: string, cause: unknown) {
    super(
      {
        attempted: 'scatter',
        shard,
        reason: 'the signal was aborted before its work had ended',
        remedy: 'Run the scatter again for this shard',
      },
      { cause },
    );
  }
}
