import {
  outsideContext,
  type Endpoint,
  type LockFile,
  type Role,
  type Shard,
} from '@switchyard/shard-context';
import { checkIdentity } from '../identity/check-identity.ts';
import { isIdentityFailure } from '../identity/identity-errors.ts';
import { explainFailure, openConnection, type OpenOptions } from '../connection/open-connection.ts';
import { PoolClosedError, PoolTimeoutError } from '../connection/connection-errors.ts';
import { PooledConnection, prepareSession } from './pooled-connection.ts';
import type { ServerSlots } from './server-slots.ts';

/** Limits of the pools of one data source. */
export interface PoolOptions extends OpenOptions {
  /** Closes a connection that nobody used for so long. Default 60,000 ms. */
  readonly idleMs?: number | undefined;
  /** Longest wait for a free connection. Default 10,000 ms. */
  readonly acquireTimeoutMs?: number | undefined;
}

const DEFAULT_IDLE_MS = 60_000;
const DEFAULT_ACQUIRE_TIMEOUT_MS = 10_000;
/** After a failure to connect, others fail at once for this long, doubled up to the second one. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** What a pool is for. */
export interface PoolTarget {
  readonly shard: Shard;
  readonly endpoint: Required<Endpoint>;
  readonly role: Role;
  readonly lockFile: LockFile;
}

/**
 * The connections to one endpoint of one shard. Opens nothing before the first query; checks each
 * new connection against the topology and the lock file; closes itself when the database behind
 * the address is not the shard, and recovers alone.
 */
export class ShardPool {
  readonly #target: PoolTarget;
  readonly #slots: ServerSlots;
  readonly #options: PoolOptions;
  readonly #all = new Set<PooledConnection>();
  readonly #idle: PooledConnection[] = [];
  readonly #closing = new Set<Promise<void>>();
  #generation = 0;
  #closed = false;
  #failure: { error: unknown; until: number; pauseMs: number } | undefined;
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

  /** Connections that nobody uses now. */
  get idle(): number {
    return this.#idle.length;
  }

  /**
   * A checked connection, idle or new. Give it back with `release()`.
   * @throws PoolTimeoutError, PoolClosedError, ShardUnavailableError, ShardAccessDeniedError,
   *   ShardDatabaseMissingError, and what `checkIdentity` throws
   */
  acquire(): Promise<PooledConnection> {
    if (this.#closed) return Promise.reject(new PoolClosedError(this.#target.shard.name));
    return this.#slots.take(this, this.#options.acquireTimeoutMs ?? DEFAULT_ACQUIRE_TIMEOUT_MS);
  }

  /** @internal */
  takeIdle(): PooledConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop(); // the one used last: its server thread is warm
      if (connection === undefined || !connection.broken) return connection;
      this.#drop(connection);
    }
  }

  /** @internal */
  evictOldest(): boolean {
    const oldest = this.#idle.shift();
    if (oldest !== undefined) this.#drop(oldest);
    return oldest !== undefined;
  }

  /** @internal */
  timeout(waitedMs: number): Error {
    const { name, server } = this.#target.shard;
    const limit = { server: server.name, maxConnections: server.maxConnections };
    return new PoolTimeoutError(name, waitedMs, limit);
  }

  /** @internal Called by the slots, which count the connection from the moment of the call. */
  async open(): Promise<PooledConnection> {
    if (this.#closed) throw new PoolClosedError(this.#target.shard.name);
    if (this.#failure !== undefined && Date.now() < this.#failure.until) throw this.#failure.error;
    try {
      const opened = await outsideContext(() => this.#openChecked());
      this.#failure = undefined;
      return opened;
    } catch (cause) {
      throw this.#failed(explainFailure(cause, this.#target.shard));
    }
  }

  /** Closes all connections; those in use when they come back. Later calls are refused. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweep);
    this.closeIdle();
    await Promise.all(this.#closing);
  }

  /** Closes the idle connections, and those in use when they come back; later ones are new. */
  closeIdle(): void {
    this.#generation += 1;
    for (const connection of this.#idle.splice(0)) this.#drop(connection);
  }

  async #openChecked(): Promise<PooledConnection> {
    const { shard, endpoint, role, lockFile } = this.#target;
    const expected = await lockFile.expected(shard.name);
    const connection = await openConnection(shard, endpoint, this.#options);
    try {
      const facts = await checkIdentity(connection, shard, { expected, role });
      await prepareSession(connection, shard);
      const about = { facts, generation: this.#generation };
      return this.#keep(new PooledConnection(connection, about, this));
    } catch (error) {
      connection.destroy();
      throw error;
    }
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
    const before = Date.now() - idleMs;
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
    connection.idleSince = Date.now();
    this.#idle.push(connection);
    this.#slots.serve();
  }

  async #reset(connection: PooledConnection): Promise<void> {
    try {
      const charset = this.#options.driverOptions?.charset;
      await outsideContext(() => connection.reset(this.#target.shard, charset));
    } catch {
      connection.broken = true; // a session in an unknown state is nobody's
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

  #drop(connection: PooledConnection): void {
    if (!this.#all.delete(connection)) return;
    const closing: Promise<void> = connection.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
    this.#slots.closed();
  }

  #failed(error: Error): Error {
    const pauseMs = Math.min((this.#failure?.pauseMs ?? FIRST_PAUSE_MS / 2) * 2, LONGEST_PAUSE_MS);
    this.#failure = { error, until: Date.now() + pauseMs, pauseMs };
    if (isIdentityFailure(error)) this.closeIdle();
    return error;
  }
}
