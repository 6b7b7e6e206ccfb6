/** Milliseconds that only grow, whatever is done to the clock of the machine. */
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
  /** The share of a pause that is left to chance, so that many do not come back at once. Default 0. */
  readonly jitter?: number;
}

/**
 * Keeps callers from what has just failed. While it is open they fail at once; when a pause is over
 * one of them may try, and its outcome closes the breaker or opens it for longer.
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

  /** How long callers are kept off from now, in milliseconds; 0 where they may try. */
  get leftMs(): number {
    return Math.max(0, this.#until - this.#clock.now());
  }

  /** True where a caller may try now; others are then kept off for a pause, until it has ended. */
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
