import {
  OpenTransaction,
  WaitingWork,
  type AfterCommit,
  type TransactionOutcome,
} from './after-commit.ts';

/** Stack frames kept of the place where a scope was opened; enough to name the caller. */
const OPENED_AT_FRAMES = 6;

/**
 * What opened a scope: the function that user code called, or a name. The function's stack is kept,
 * which costs 3 to 5 µs. Adapters give a name where the stack tells nothing, as in a queue's loop.
 */
export type Opener = ((...args: never[]) => unknown) | string;

/**
 * What changes while a scope runs: open transactions, whether it has written, whether it is over.
 * One record per scope; an inner scope points to the outer one, so that a question about
 * transactions and writes can be answered for the whole chain.
 */
export class Activity {
  /** True once the function that opened the scope has settled. */
  closed = false;
  /** Made when the first transaction is opened: most scopes never have one. */
  #transactions: Set<OpenTransaction> | undefined;
  #hasWritten = false;
  readonly #parent: Activity | undefined;
  /** The parent whose transactions this scope is part of; undefined for declared independence. */
  readonly #within: Activity | undefined;
  readonly #openedAt: string | { readonly stack?: string };

  /**
   * `opener` is the function that user code called: `openedAt` shows the stack of its caller. Where
   * `opener` is a name, `openedAt` is that name.
   * `independent`: transactions that are open outside do not belong to this scope.
   */
  constructor(parent: Activity | undefined, opener: Opener, independent = false) {
    this.#parent = parent;
    this.#within = independent ? undefined : parent;
    if (typeof opener === 'string') {
      this.#openedAt = opener;
      return;
    }
    this.#openedAt = {};
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = OPENED_AT_FRAMES;
    Error.captureStackTrace(this.#openedAt, opener); // formatted only when it is read
    Error.stackTraceLimit = limit;
  }

  /** The stack at which the scope was opened, innermost first, one frame a line. */
  get openedAt(): string {
    if (typeof this.#openedAt === 'string') return this.#openedAt;
    return (this.#openedAt.stack ?? '').split('\n').slice(1).join('\n');
  }

  /** True while a transaction is open in this scope or in one around it. */
  get inTransaction(): boolean {
    return (this.#transactions?.size ?? 0) > 0 || (this.#within?.inTransaction ?? false);
  }

  /** True once this scope, one around it or one inside it has written. */
  get hasWritten(): boolean {
    return this.#hasWritten || (this.#parent?.hasWritten ?? false);
  }

  /** Notes a write in this scope and in those around it, so that they read their own writes. */
  wrote(): void {
    this.#hasWritten = true;
    this.#parent?.wrote();
  }

  /**
   * Notes that a transaction was opened. Call the returned function once, when the transaction has
   * ended. Where the scope belongs to the transaction (`transaction(fn)`), work inside `fn` waits for
   * that transaction alone; in a shared scope it waits for all transactions that are open there.
   */
  transactionOpened(): (outcome: TransactionOutcome) => void {
    const transaction = new OpenTransaction();
    const transactions = (this.#transactions ??= new Set());
    transactions.add(transaction);
    return (outcome) => {
      transactions.delete(transaction);
      transaction.end(outcome);
    };
  }

  /**
   * Keeps `work` until all transactions that are open now, in this scope or in one around it, have
   * committed. Drops it when one of them does not commit. Returns false when none is open: nothing
   * was kept, and the caller does the work now. The work is kept in memory: a process that dies
   * between commit and work loses it.
   */
  afterCommit(work: AfterCommit): boolean {
    const open = this.#open();
    if (open.length === 0) return false;
    new WaitingWork(work, open);
    return true;
  }

  #open(): OpenTransaction[] {
    const around = this.#within === undefined ? [] : this.#within.#open();
    return this.#transactions === undefined ? around : [...this.#transactions, ...around];
  }
}
