/**
 * What a runner must know to keep statements on the right side of a transaction's beginning and
 * end, also when user code does not await them in order.
 */
export class TransactionState {
  /** True while the open transaction holds the fence. */
  fenced = false;
  /** The failure by which the server ended the open transaction; undefined while it stands. */
  poison: unknown = undefined;
  /** Pending while a transaction is being begun or ended: statements wait for it. */
  transition: Promise<unknown> | undefined;
  #running = 0;
  #whenIdle: (() => void)[] = [];
  #tail: Promise<unknown> = Promise.resolve();

  /** True while a statement is under way. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Notes a statement that is about to be sent. */
  started(): void {
    this.#running += 1;
  }

  /** Notes the end of a statement. */
  finished(): void {
    this.#running -= 1;
    if (this.#running > 0 || this.#whenIdle.length === 0) return;
    for (const resume of this.#whenIdle.splice(0)) resume();
  }

  /** Resolves when no statement is under way, so that COMMIT cannot overtake one. */
  async idle(): Promise<void> {
    if (this.#running === 0) return;
    await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /**
   * Runs `work` alone among the exclusive ones of this runner: two transactions that begin on one
   * connection at once would commit each other.
   */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.started();
    const result = this.#tail.then(work).finally(() => this.finished());
    this.#tail = result.catch(() => undefined);
    return result;
  }

  /** Keeps statements waiting while `work` begins or ends the transaction. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.transition = work.catch(() => undefined);
    try {
      return await work;
    } finally {
      this.transition = undefined;
    }
  }
}
