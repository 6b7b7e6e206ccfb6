import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import type { Shard } from '@switchyard/shard-context';
import { Breaker } from '@switchyard/shard-context/internal';
import { noteStarted, type Author, type Beginning } from '../ledger/ledger.ts';
import { readLease, releaseLease, renewLease, takeLease } from '../ledger/lease.ts';
import { LeaseLostError, RolloutHaltedError } from '../ledger/ledger-errors.ts';
import { reclaimServerLock } from '../ledger/server-lock.ts';
import { checkLedger } from '../ledger/tables.ts';
import { isConnectionLost } from '@switchyard/mysql/internal';
import { makeStrict } from '../server/strict-session.ts';
import type { AtPoint, RunPoint } from './run-points.ts';
import type { OnEvent } from './events.ts';
import type { FullPolicy } from './rollout-policy.ts';

/** Opens a connection to a shard's database, its identity checked. */
export type OpenShard = (shard: Shard) => Promise<Connection>;

/** What a session needs to know beside its shard. */
export interface SessionOptions {
  readonly open: OpenShard;
  readonly author: Author;
  readonly policy: FullPolicy;
  readonly emit: OnEvent;
  /** What the command line was told, kept with the lease. JSON. */
  readonly options: string;
  readonly atPoint?: AtPoint | undefined;
}

const CONTROL_EVERY_MS = 500;
/** A server that restarts is asked often: every second of it keeps a wave waiting. */
const REOPENING = { firstPauseMs: 250, longestPauseMs: 250 };

/**
 * One run's hold on one shard: the connection that does the work and has the server's lock, the
 * lease, and a second connection for looking on and renewing, opened only when the work takes long.
 */
export class ShardSession {
  readonly shard: Shard;
  readonly policy: FullPolicy;
  readonly emit: OnEvent;
  readonly #options: SessionOptions;
  #connection: Connection;
  #second: Promise<Connection> | undefined;
  #token = 0;
  #renewal: NodeJS.Timeout | undefined;

  private constructor(shard: Shard, connection: Connection, options: SessionOptions) {
    this.shard = shard;
    this.policy = options.policy;
    this.emit = options.emit;
    this.#options = options;
    this.#connection = connection;
  }

  /** @throws LeaseHeldError, ShardBusyError, LedgerMissingError, LedgerFormatError */
  static async open(shard: Shard, options: SessionOptions): Promise<ShardSession> {
    const connection = await openStrictly(shard, options);
    const session = new ShardSession(shard, connection, options);
    try {
      await checkLedger(connection, shard.name); // before anything is written to it
      session.#token = await takeLease(connection, shard.name, options.author, {
        leaseMs: options.policy.leaseMs,
        options: options.options,
      });
    } catch (error) {
      connection.destroy();
      throw error;
    }
    session.#renewOnTime();
    session.pass('lease-taken');
    return session;
  }

  /** Tells `atPoint` where the run is. */
  pass(point: RunPoint): void {
    this.#options.atPoint?.(point, this.shard.name);
  }

  /** The connection that does the work. Another one after a loss. */
  get connection(): Connection {
    return this.#connection;
  }

  /** One more connection to the shard's database, for the caller to close. */
  connect(): Promise<Connection> {
    return this.#options.open(this.shard);
  }

  /** A connection for looking on while the first one is busy. Opened when first asked for. */
  second(): Promise<Connection> {
    if (this.#second === undefined) {
      const opening = this.#options.open(this.shard);
      this.#second = opening;
      opening.catch(() => (this.#second = undefined));
    }
    return this.#second;
  }

  /**
   * Notes in the ledger that something begins, while this run still may. Waits while it is paused.
   * @throws LeaseLostError, RolloutHaltedError
   */
  async begin(begun: Beginning): Promise<number> {
    for (;;) {
      const seq = await noteStarted(this.#connection, this.#options.author, this.#token, begun);
      if (seq !== undefined) return seq;
      await this.mayGoOn();
    }
  }

  /**
   * Returns when this run may go on: at once, or when a pause has ended.
   * @throws LeaseLostError, RolloutHaltedError
   */
  async mayGoOn(): Promise<void> {
    const { name } = this.shard;
    for (let told = false; ; told = true) {
      const lease = await readLease(this.#connection, name);
      const by = lease.controlBy ?? 'someone';
      if (Number(lease.token) !== this.#token) throw new LeaseLostError(name);
      if (lease.control === 'abort') throw new RolloutHaltedError(name, { control: 'abort', by });
      if (lease.control === 'run') {
        if (told) this.emit({ event: 'resumed', shard: name, by });
        return;
      }
      if (!told) this.emit({ event: 'paused', shard: name, by });
      await renewLease(this.#connection, name, this.#token, this.policy.leaseMs);
      await sleep(CONTROL_EVERY_MS);
    }
  }

  /**
   * Connects again after a loss and takes back the server's lock, which may have to wait until the
   * server has ended what the lost connection was doing.
   * @throws LeaseLostError where another run has taken the shard over, or the last connection error
   */
  async reopen(during: string): Promise<void> {
    this.emit({ event: 'connection-lost', shard: this.shard.name, during });
    this.#connection.destroy();
    this.#dropSecond();
    const deadline = performance.now() + this.policy.reconnectMs;
    const breaker = new Breaker(REOPENING);
    for (;;) {
      try {
        this.#connection = await openStrictly(this.shard, this.#options);
        return await this.#takeBack(deadline);
      } catch (error) {
        const lasting = error instanceof LeaseLostError || !isConnectionLost(error);
        if (lasting || performance.now() > deadline) throw error;
        breaker.failed();
        await sleep(breaker.leftMs);
      }
    }
  }

  async #takeBack(deadline: number): Promise<void> {
    const { name } = this.shard;
    await renewLease(this.#connection, name, this.#token, this.policy.leaseMs);
    await reclaimServerLock(
      this.#connection,
      name,
      Math.max(1, (deadline - performance.now()) / 1000),
    );
    await renewLease(this.#connection, name, this.#token, this.policy.leaseMs);
  }

  /** Gives the shard back. After a lost lease or connection there is nothing to give back. */
  async close(): Promise<void> {
    clearInterval(this.#renewal);
    this.#dropSecond();
    try {
      await releaseLease(this.#connection, this.#token);
      this.pass('lease-released');
      await this.#connection.end();
    } catch {
      this.#connection.destroy(); // the lease runs out by itself
    }
  }

  #renewOnTime(): void {
    const { leaseMs } = this.policy;
    this.#renewal = setInterval(() => {
      void this.second()
        .then((second) => renewLease(second, this.shard.name, this.#token, leaseMs))
        .catch(() => undefined); // the next write finds out
    }, leaseMs / 3);
    this.#renewal.unref();
  }

  #dropSecond(): void {
    void this.#second?.then((second) => second.destroy()).catch(() => undefined);
    this.#second = undefined;
  }
}

async function openStrictly(shard: Shard, { open }: SessionOptions): Promise<Connection> {
  const connection = await open(shard);
  try {
    await makeStrict(connection);
    return connection;
  } catch (error) {
    connection.destroy();
    throw error;
  }
}
