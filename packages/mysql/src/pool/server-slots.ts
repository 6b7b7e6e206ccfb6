import type { PooledConnection } from './pooled-connection.ts';

/** What the slots of a server need to know of the pool of one shard. */
export interface SlotPool {
  /** A connection that is free and may be used, removed from the free ones; undefined without. */
  takeIdle(): PooledConnection | undefined;
  /** Closes the free connection that waited longest; false without one. */
  evictOldest(): boolean;
  /** Opens, checks and sets up a further connection. */
  open(): Promise<PooledConnection>;
  /** The error for somebody who waited in vain. */
  timeout(waitedMs: number): Error;
}

interface Waiter {
  readonly pool: SlotPool;
  readonly resolve: (connection: PooledConnection) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * The connections that one process may hold to one server, shared by the pools of all its shards.
 * First come, first served over all of them; a full server gives up the idle connection of a
 * sibling shard before it makes anybody wait.
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

  /** A connection of `pool`, now or when its turn comes. The caller's context is kept. */
  take(pool: SlotPool, timeoutMs: number): Promise<PooledConnection> {
    if (this.#waiting.length === 0) {
      const idle = pool.takeIdle();
      if (idle !== undefined) return Promise.resolve(idle);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#giveUp(waiter, timeoutMs), timeoutMs);
      const waiter: Waiter = { pool, resolve, reject, timer };
      this.#waiting.push(waiter);
      this.serve();
    });
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

  #serveFirst(): boolean {
    const waiter = this.#waiting[0];
    if (waiter === undefined) return false;
    const idle = waiter.pool.takeIdle();
    if (idle === undefined && !this.#mayOpen()) return false;
    this.#waiting.shift();
    clearTimeout(waiter.timer);
    if (idle !== undefined) waiter.resolve(idle);
    else this.#openFor(waiter);
    return true;
  }

  #mayOpen(): boolean {
    if (this.#open < this.#limit) return true;
    // Any sibling will do: the waiter's own pool has nothing idle, or it would have been served.
    for (const pool of this.#pools) if (pool.evictOldest()) return this.#open < this.#limit;
    return false;
  }

  #openFor(waiter: Waiter): void {
    this.#open += 1;
    waiter.pool.open().then(waiter.resolve, (error: unknown) => {
      waiter.reject(error);
      this.closed();
    });
  }

  #giveUp(waiter: Waiter, waitedMs: number): void {
    const index = this.#waiting.indexOf(waiter);
    if (index >= 0) this.#waiting.splice(index, 1);
    waiter.reject(waiter.pool.timeout(waitedMs));
  }
}
