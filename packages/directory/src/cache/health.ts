import { Breaker } from '@switchyard/shard-context/internal';
import { directoryChannels } from '../contract/channels.ts';
import type { Clock } from './cache-options.ts';

/** One failure may be a connection that died; from the second on, callers are not made to wait. */
const PAUSES = { failures: 2, firstPauseMs: 50, longestPauseMs: 1_000, jitter: 0.5 };

/** Whether the store answers, as the reads of this process saw it. */
export interface StoreHealth {
  readonly available: boolean;
  /** How long it has been so, in milliseconds. */
  readonly forMs: number;
  /** Reads that failed since the last one that did not. */
  readonly failures: number;
}

/**
 * Remembers whether the store answers. While it does not, one read now and then finds out whether
 * it is back; everyone else is answered from the cache, or that it is unavailable, at once.
 */
export class Health {
  readonly #store: string;
  readonly #clock: Clock;
  readonly #breaker: Breaker;
  #since: number;

  constructor(store: string, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#breaker = new Breaker(PAUSES, clock);
    this.#since = clock.now();
  }

  /** The known state. */
  get state(): StoreHealth {
    return {
      available: this.#breaker.failures === 0,
      forMs: this.#clock.now() - this.#since,
      failures: this.#breaker.failures,
    };
  }

  /** True where a read may be tried now; while the store is down, once per pause. */
  mayRead(): boolean {
    return this.#breaker.mayTry();
  }

  /** Notes the outcome of a read. */
  succeeded(): void {
    if (this.#breaker.failures > 0) this.#change(true);
    this.#breaker.succeeded();
  }

  /** Notes a read that failed or took too long. */
  failed(cause: unknown): void {
    if (this.#breaker.failures === 0) this.#change(false, cause);
    this.#breaker.failed();
  }

  #change(available: boolean, cause?: unknown): void {
    this.#since = this.#clock.now();
    if (!directoryChannels.health.hasSubscribers) return;
    directoryChannels.health.publish({ store: this.#store, available, cause });
  }
}
