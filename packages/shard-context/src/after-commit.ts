/** How a transaction ended. `unknown`: the connection was lost during COMMIT, so it may have committed. */
export type TransactionOutcome = 'committed' | 'rolledBack' | 'unknown';

/** Work that is to be done after the commit only, such as sending a job. */
export interface AfterCommit {
  /** Called once when every transaction that was open has committed. Must not throw. */
  committed(): void;
  /** Called once instead when one of them was rolled back, or its end is unknown. Must not throw. */
  dropped(outcome: Exclude<TransactionOutcome, 'committed'>): void;
}

/** The work that waits for one open transaction. */
export class OpenTransaction {
  #waiting: WaitingWork[] = [];

  /** Lets `work` wait for this transaction as well. */
  keep(work: WaitingWork): void {
    this.#waiting.push(work);
  }

  /** Tells all waiting work how the transaction ended. A second call does nothing. */
  end(outcome: TransactionOutcome): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const work of waiting) work.ended(outcome);
  }
}

/** One piece of work and the transactions that it still waits for. */
export class WaitingWork {
  readonly #work: AfterCommit;
  #remaining: number;

  constructor(work: AfterCommit, transactions: readonly OpenTransaction[]) {
    this.#work = work;
    this.#remaining = transactions.length;
    for (const transaction of transactions) transaction.keep(this);
  }

  /** Notes the end of one of the transactions; the first that did not commit decides. */
  ended(outcome: TransactionOutcome): void {
    if (this.#remaining === 0) return;
    if (outcome === 'committed') {
      this.#remaining -= 1;
      if (this.#remaining === 0) this.#work.committed();
      return;
    }
    this.#remaining = 0;
    this.#work.dropped(outcome);
  }
}
