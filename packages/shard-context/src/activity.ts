/** Stack frames kept of the place where a scope was opened; enough to name the caller. */
const OPENED_AT_FRAMES = 6;

/**
 * What changes while a scope runs: open transactions, whether it has written, whether it is over.
 * One record per scope; an inner scope points to the outer one, so that a question about
 * transactions and writes can be answered for the whole chain.
 */
export class Activity {
  /** True once the function that opened the scope has settled. */
  closed = false;
  #openTransactions = 0;
  #hasWritten = false;
  readonly #parent: Activity | undefined;
  readonly #openedAt: { stack?: string } = {};

  /** `opener` is the function that user code called; its caller is what `openedAt` names. */
  constructor(parent: Activity | undefined, opener: (...args: never[]) => unknown) {
    this.#parent = parent;
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = OPENED_AT_FRAMES;
    Error.captureStackTrace(this.#openedAt, opener); // formatted only when somebody reads it
    Error.stackTraceLimit = limit;
  }

  /** The stack at which the scope was opened, innermost first, one frame a line. */
  get openedAt(): string {
    return (this.#openedAt.stack ?? '').split('\n').slice(1).join('\n');
  }

  /** True while a transaction is open in this scope or in one around it. */
  get inTransaction(): boolean {
    return this.#openTransactions > 0 || (this.#parent?.inTransaction ?? false);
  }

  /** True once this scope, one around it or one inside it has written. */
  get hasWritten(): boolean {
    return this.#hasWritten || (this.#parent?.hasWritten ?? false);
  }

  /** Notes a write, here and in the scopes around, so that they read what they wrote. */
  wrote(): void {
    this.#hasWritten = true;
    this.#parent?.wrote();
  }

  /** Notes that a transaction was opened; returns the function that notes its end, once. */
  transactionOpened(): () => void {
    this.#openTransactions += 1;
    let ended = false;
    return () => {
      if (!ended) this.#openTransactions -= 1;
      ended = true;
    };
  }
}
