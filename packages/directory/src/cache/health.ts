import { directoryChannels } from '../contract/channels.ts';
import type { Clock } from './cache-options.ts';

/** One failure may be a connection that died; from the second on, callers are not made to wait. */
const FAILURES_TO_FAIL_FAST = 2;
const FIRST_PROBE_MS = 50;
const LAST_PROBE_MS = 1_000;

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
 * it is back; everybody else is answered from the cache, or that it is unavailable, at once.
 */
export class Health {
  readonly #store: string;
  readonly #clock: Clock;
  #failures = 0;
  #since: number;
  #nextProbeAt = 0;

  constructor(store: string, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** What is known. */
  get state(): StoreHealth {
    return {
      available: this.#failures === 0,
      forMs: this.#clock.now() - this.#since,
      failures: this.#failures,
    };
  }

  /** True where a read may be tried now; while the store is down, once per pause. */
  mayRead(): boolean {
    if (this.#failures < FAILURES_TO_FAIL_FAST) return true;
    const now = this.#clock.now();
    if (now < this.#nextProbeAt) return false;
    this.#nextProbeAt = now + this.#pauseMs();
    return true;
  }

  /** Notes the outcome of a read. */
  succeeded(): void {
    if (this.#failures > 0) this.#change(true);
    this.#failures = 0;
  }

  /** Notes a read that failed or took too long. */
  failed(cause: unknown): void {
    if (this.#failures === 0) this.#change(false, cause);
    this.#failures += 1;
    this.#nextProbeAt = this.#clock.now() + this.#pauseMs();
  }

  #pauseMs(): number {
    const grown = FIRST_PROBE_MS * 2 ** Math.min(10, this.#failures - FAILURES_TO_FAIL_FAST);
    return Math.min(LAST_PROBE_MS, grown) * (0.5 + Math.random() / 2);
  }

  #change(available: boolean, cause?: unknown): void {
    this.#since = this.#clock.now();
    if (!directoryChannels.health.hasSubscribers) return;
    directoryChannels.health.publish({ store: this.#store, available, cause });
  }
}
