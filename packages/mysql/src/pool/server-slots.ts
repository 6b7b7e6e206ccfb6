import type { PooledConnection } from './pooled-connection.ts';

/** What the slots of a server need to know of the pool of one shard. */
export interface SlotPool {
  /** A connection that is free and may be used, removed from the free ones; undefined without. */
  takeIdle(): PooledConnection | undefined;
  /** True while a further connection would only fail, and others of the pool may come back. */
  readonly mustWait: boolean;
  /** Closes the free connection that waited longest; false without one. */
  evictOldest(): boolean;
  /** Opens, checks and sets up a further connection. */
  open(): Promise<PooledConnection>;
  /** The error for someone who waited in vain. */
  timeout(waitedMs: number): Error;
}

/** A caller that waits for a connection. */
class Waiter {
  readonly pool: SlotPool;
  readonly promise: Promise<PooledConnection>;
  /** True once it was given a connection or an error. */
  settled = false;
  readonly #signal: AbortSignal | undefined;
  readonly #giveUp: () => void;
  #timer: NodeJS.Timeout | undefined;
  #resolve!: (connection: PooledConnection) => void;
  #reject!: (error: unknown) => void;

  constructor(
    pool: SlotPool,
    bounds: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
    leave: (waiter: Waiter) => void,
  ) {
    this.pool = pool;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { timeoutMs, signal } = bounds;
    const end = (error: unknown) => {
      this.reject(error);
      leave(this);
    };
    this.#signal = signal;
    this.#giveUp = () => end(signal?.reason);
    signal?.addEventListener('abort', this.#giveUp, { once: true });
    // A timer of Infinity would fire at once.
    if (timeoutMs !== Infinity)
      this.#timer = setTimeout(() => end(pool.timeout(timeoutMs)), timeoutMs);
  }

  /** Its turn has come: it may still be aborted, and opening has a time-out of its own. */
  called(): void {
    clearTimeout(this.#timer);
  }

  /** False where it has gone: the connection is not its own. */
  resolve(connection: PooledConnection): boolean {
    if (this.settled) return false;
    this.#settle();
    this.#resolve(connection);
    return true;
  }

  reject(error: unknown): void {
    if (this.settled) return;
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#giveUp);
  }
}

/**
 * The connections that one process may hold to one server, shared by the pools of all its shards.
 * First come, first served over all of them; a full server gives up the idle connection of a
 * sibling shard before it makes anyone wait.
 */
export class ServerSlots {
  readonly #limit: number;
  readonly #pools = new Set<SlotPool>();
  readonly #waiting: Waiter[] = [];
  #open = 0;
  #serving = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Connections that are open or being opened. */
  get open(): number {
    return this.#open;
  }

  /** How many callers wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Counts a pool among those whose idle connections may be given up. */
  join(pool: SlotPool): void {
    this.#pools.add(pool);
  }

  /**
   * A connection of `pool`, now or when its turn comes. The caller's context is kept. A caller whose
   * `signal` is aborted leaves the queue, and a connection being opened for it serves the next.
   */
  take(pool: SlotPool, timeoutMs: number, signal?: AbortSignal): Promise<PooledConnection> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#waiting.length === 0) {
      const idle = pool.takeIdle();
      if (idle !== undefined) return Promise.resolve(idle);
    }
    const waiter = new Waiter(pool, { timeoutMs, signal }, (gone) => this.#forget(gone));
    this.#waiting.push(waiter);
    this.serve();
    return waiter.promise;
  }

  /** Notes that a connection was closed. */
  closed(): void {
    this.#open -= 1;
    this.serve();
  }

  /** Serves those who wait, as far as connections go. Called when one comes back or closes. */
  serve(): void {
    if (this.#serving) return; // giving up an idle connection closes it, which calls this again
    this.#serving = true;
    while (this.#serveFirst());
    this.#serving = false;
  }

  /** The first that can be served: one that waits for its own pool holds up no sibling. */
  #serveFirst(): boolean {
    for (const [at, waiter] of this.#waiting.entries()) {
      const idle = waiter.pool.takeIdle();
      if (idle === undefined && waiter.pool.mustWait) continue;
      if (idle === undefined && !this.#mayOpen()) return false;
      this.#waiting.splice(at, 1);
      waiter.called();
      if (idle !== undefined) waiter.resolve(idle);
      else this.#openFor(waiter);
      return true;
    }
    return false;
  }

  #mayOpen(): boolean {
    if (this.#open < this.#limit) return true;
    // Any sibling will do: the waiter's own pool has nothing idle, or it would have been served.
    for (const pool of this.#pools) if (pool.evictOldest()) return this.#open < this.#limit;
    return false;
  }

  #openFor(waiter: Waiter): void {
    this.#open += 1;
    waiter.pool.open().then(
      (connection) => {
        if (!waiter.resolve(connection)) connection.release();
      },
      (error: unknown) => {
        waiter.reject(error);
        this.closed();
      },
    );
  }

  #forget(waiter: Waiter): void {
    const index = this.#waiting.indexOf(waiter);
    if (index >= 0) this.#waiting.splice(index, 1);
  }
}
