import { performance } from 'node:perf_hooks';
import { outsideContext } from '@switchyard/shard-context';
import { Breaker } from '@switchyard/shard-context/internal';
import type { Connection } from 'mysql2/promise';
import type { OpenOptions } from '../connection/log-in.ts';
import type { ServerFacts } from '../server/server-facts.ts';
import { PooledConnection } from './pooled-connection.ts';
import type { ServerSlots } from './server-slots.ts';

/** Limits of the pools of one data source. */
export interface PoolOptions extends OpenOptions {
  /** Closes a connection that no one used for so long. Default 60,000 ms. */
  readonly idleMs?: number | undefined;
  /** Longest wait for a free connection; Infinity for none. Default 10,000 ms. */
  readonly acquireTimeoutMs?: number | undefined;
}

const DEFAULT_IDLE_MS = 60_000;
const DEFAULT_ACQUIRE_TIMEOUT_MS = 10_000;
/** How long a statement may still run when its pool is closed. */
const LAST_STATEMENT_MS = 5_000;
/** After a failure to connect, others fail at once for this long, doubled up to the second one. */
const PAUSES = { firstPauseMs: 50, longestPauseMs: 1_000 };

/** What a pool's connections lead to, and how its errors are worded. */
export interface PoolTarget {
  /** Opens, checks and sets up one connection. Runs outside every context. */
  open(): Promise<{ readonly connection: Connection; readonly facts: ServerFacts | undefined }>;
  /** Sets up a session again that was reset to what the server gives to a new one. */
  restore(connection: Connection): Promise<void>;
  /** What `open` failed with, for those who asked for a connection. */
  explain(cause: unknown): Error;
  /** True for failures by which no open connection can be trusted any longer. */
  isStranger(error: Error): boolean;
  /** True for failures that keep others from trying, for a moment. */
  pausesOthers(error: Error): boolean;
  /** The error for one that waited in vain. */
  timeout(waitedMs: number): Error;
  /** The error for one that comes after `close()`. */
  closed(): Error;
}

/**
 * The connections to one endpoint. Opens nothing before the first query, has each new connection
 * checked by its target, closes itself when what stands behind the address is another database,
 * and recovers alone.
 */
export class ConnectionPool {
  readonly #target: PoolTarget;
  readonly #slots: ServerSlots;
  readonly #options: PoolOptions;
  readonly #all = new Set<PooledConnection>();
  readonly #idle: PooledConnection[] = [];
  readonly #closing = new Set<Promise<void>>();
  #opening = 0;
  #generation = 0;
  #closed = false;
  readonly #breaker = new Breaker(PAUSES);
  #failure: unknown;
  #sweep: NodeJS.Timeout | undefined;

  constructor(target: PoolTarget, slots: ServerSlots, options: PoolOptions = {}) {
    this.#target = target;
    this.#slots = slots;
    this.#options = options;
    slots.join(this);
  }

  /** Open connections, used and idle. */
  get size(): number {
    return this.#all.size;
  }

  /** Connections that no one uses now. */
  get idle(): number {
    return this.#idle.length;
  }

  /**
   * A checked connection, idle or new. Give it back with `release()`. One whose `signal` is aborted
   * stops waiting with the signal's reason.
   * @throws what the target's `explain`, `timeout` and `closed` answer
   */
  acquire(signal?: AbortSignal): Promise<PooledConnection> {
    if (this.#closed) return Promise.reject(this.#target.closed());
    const timeoutMs = this.#options.acquireTimeoutMs ?? DEFAULT_ACQUIRE_TIMEOUT_MS;
    return this.#slots.take(this, timeoutMs, signal);
  }

  /** @internal */
  takeIdle(): PooledConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop(); // the one used last: its server thread is warm
      if (connection === undefined || !connection.broken) return connection;
      this.#drop(connection);
    }
  }

  /**
   * @internal True while connections are in use or being opened and a further one has just failed: one that comes
   * back serves a caller better than the same failure. Without any, the failure is told at once.
   */
  get mustWait(): boolean {
    return this.#all.size + this.#opening > 0 && this.#breaker.leftMs > 0;
  }

  /** @internal */
  evictOldest(): boolean {
    const oldest = this.#idle.shift();
    if (oldest !== undefined) this.#drop(oldest);
    return oldest !== undefined;
  }

  /** @internal */
  timeout(waitedMs: number): Error {
    return this.#target.timeout(waitedMs);
  }

  /** @internal Called by the slots, which count the connection from the moment of the call. */
  async open(): Promise<PooledConnection> {
    if (this.#closed) throw this.#target.closed();
    if (this.#breaker.leftMs > 0) throw this.#failure;
    try {
      this.#opening += 1;
      const opened = await outsideContext(() => this.#openChecked()).finally(() => {
        this.#opening -= 1;
      });
      this.#breaker.succeeded();
      return opened;
    } catch (cause) {
      throw this.#failed(this.#target.explain(cause));
    }
  }

  /**
   * Closes all connections; those in use after the statement that is under way, at the latest after
   * 5,000 ms. Their servers roll back open transactions. Later calls are refused.
   */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweep);
    this.closeIdle();
    for (const connection of this.#all) this.#drop(connection, LAST_STATEMENT_MS);
    await Promise.all(this.#closing);
  }

  /** Closes the idle connections, and those in use when they come back; later ones are new. */
  closeIdle(): void {
    this.#generation += 1;
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
  }

  async #openChecked(): Promise<PooledConnection> {
    const { connection, facts } = await this.#target.open();
    return this.#keep(
      new PooledConnection(connection, { facts, generation: this.#generation }, this),
    );
  }

  #keep(connection: PooledConnection): PooledConnection {
    this.#all.add(connection);
    // Without a listener an error of an idle socket would end the process.
    connection.promise().on('error', () => this.#lost(connection));
    connection.promise().on('end', () => this.#lost(connection));
    this.#sweep ??= this.#startSweep();
    return connection;
  }

  #startSweep(): NodeJS.Timeout {
    const idleMs = this.#options.idleMs ?? DEFAULT_IDLE_MS;
    const sweep = setInterval(() => this.#evictIdle(idleMs), Math.max(10, idleMs / 2));
    return sweep.unref();
  }

  #evictIdle(idleMs: number): void {
    const before = performance.now() - idleMs;
    while (this.#idle.length > 0 && (this.#idle[0] as PooledConnection).idleSince <= before) {
      this.evictOldest();
    }
  }

  /** @internal */
  takeBack(connection: PooledConnection): void {
    const stale = connection.generation !== this.#generation;
    if (connection.broken || stale || this.#closed) this.#drop(connection);
    else if (connection.tainted) void this.#reset(connection);
    else this.#putBack(connection);
  }

  #putBack(connection: PooledConnection): void {
    connection.idleSince = performance.now();
    this.#idle.push(connection);
    this.#slots.serve();
  }

  async #reset(connection: PooledConnection): Promise<void> {
    try {
      await outsideContext(() => connection.reset((session) => this.#target.restore(session)));
    } catch {
      connection.broken = true; // a session in an unknown state is no one's
    }
    this.takeBack(connection);
  }

  #lost(connection: PooledConnection): void {
    connection.broken = true;
    const index = this.#idle.indexOf(connection);
    if (index < 0) return; // in use: dropped when it comes back
    this.#idle.splice(index, 1);
    this.#drop(connection);
  }

  #drop(connection: PooledConnection, withinMs?: number): void {
    if (!this.#all.delete(connection)) return;
    const closing: Promise<void> = connection
      .close(withinMs)
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    this.#slots.closed();
  }

  #failed(error: Error): Error {
    if (!this.#target.pausesOthers(error)) return error;
    this.#failure = error;
    this.#breaker.failed();
    // Those who wait meanwhile for a connection that comes back may open one after it.
    setTimeout(() => this.#slots.serve(), this.#breaker.leftMs + 1).unref();
    if (this.#target.isStranger(error)) this.closeIdle();
    return error;
  }
}
