import type { Frame, TransactionOutcome } from '@switchyard/shard-context';

type End = (outcome: TransactionOutcome) => void;

/**
 * Tells the scope of a runner how its transaction ended, and each savepoint in it: what waits for a
 * commit, such as a job, waits for all that are open where it was asked for.
 */
export class TransactionEnds {
  #outer: End | undefined;
  /** The innermost last. */
  readonly #savepoints: (End | undefined)[] = [];

  begun(frame: Frame | undefined): void {
    this.#outer = frame?.activity.transactionOpened();
  }

  savepointBegun(frame: Frame | undefined): void {
    this.#savepoints.push(frame?.activity.transactionOpened());
  }

  savepointEnded(outcome: TransactionOutcome): void {
    this.#savepoints.pop()?.(outcome);
  }

  /** Whatever is still open in it ends with it. */
  ended(outcome: TransactionOutcome): void {
    const outer = this.#outer;
    this.#outer = undefined;
    for (const savepoint of this.#savepoints.splice(0)) savepoint?.(outcome);
    outer?.(outcome);
  }
}
