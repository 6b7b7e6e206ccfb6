/** A monotonic clock in milliseconds: a change of the machine's clock does not affect it. */
export interface BreakerClock {
  now(): number;
}

/** How long a breaker stays open. */
export interface BreakerOptions {
  /** The pause after the failure that opens it; doubled with each further one. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** Failures in a row that open it. Default 1. */
  readonly failures?: number;
  /** The random share of a pause, so that many callers do not try again at once. Default 0. */
  readonly jitter?: number;
}

/**
 * Keeps callers away from an endpoint that has just failed. While it is open, calls fail at once. When
 * a pause is over, one caller may try, and its outcome closes the breaker or opens it for longer.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #clock: BreakerClock;
  #failures = 0;
  #until = 0;

  constructor(options: BreakerOptions, clock: BreakerClock = performance) {
    this.#options = options;
    this.#clock = clock;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** How long calls are still refused, in milliseconds; 0 where they may try. */
  get leftMs(): number {
    return Math.max(0, this.#until - this.#clock.now());
  }

  /** True where a caller may try now. Other callers are then refused for a pause, or until it ends. */
  mayTry(): boolean {
    if (this.leftMs > 0) return false;
    if (this.#pauseMs() > 0) this.#pause();
    return true;
  }

  /** Notes that the last try went well. */
  succeeded(): void {
    this.#failures = 0;
    this.#until = 0;
  }

  /** Notes that the last try failed. */
  failed(): void {
    this.#failures += 1;
    this.#pause();
  }

  #pause(): void {
    this.#until = this.#clock.now() + this.#pauseMs();
  }

  /** 0 while the failures are too few. */
  #pauseMs(): number {
    const { firstPauseMs, longestPauseMs, failures = 1, jitter = 0 } = this.#options;
    const over = this.#failures - failures;
    if (over < 0) return 0;
    const grown = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(30, over));
    return grown * (1 - jitter * Math.random());
  }
}
