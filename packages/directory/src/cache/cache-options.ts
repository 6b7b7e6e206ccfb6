import { outsideContext } from '@switchyard/shard-context';
import { DirectoryOptionsInvalidError } from '../contract/errors.ts';

/** A monotonic clock in milliseconds. */
export interface Clock {
  now(): number;
}

const CLOCK_STEP_MS = 5;

/**
 * The process's monotonic clock, read once in 5 ms at most: a hit asks for the time, and the time
 * costs as much as the hit. One timer is set again and again, in place of a new one each time.
 */
class CoarseClock implements Clock {
  #now = 0;
  #timer: NodeJS.Timeout | undefined;

  now(): number {
    if (this.#now === 0) this.#read();
    return this.#now;
  }

  #read(): void {
    this.#now = Math.ceil(performance.now());
    if (this.#timer !== undefined) this.#timer.refresh();
    else
      this.#timer = outsideContext(() => setTimeout(() => this.#forget(), CLOCK_STEP_MS).unref());
  }

  #forget(): void {
    this.#now = 0;
  }
}

/** Bounds and ages of the cache in front of the store. All ages are jittered by ±10 %. */
export interface CacheOptions {
  /**
   * Most keys remembered. Default 100,000, at most 20 million; each costs about 60 bytes, reserved at
   * the start.
   */
  readonly maxEntries?: number;
  /** Most bytes over all entries, as estimated. Default 64 MiB; lowers `maxEntries` if need be. */
  readonly maxBytes?: number;
  /** An older entry is served and refreshed behind the answer. Default 60,000 ms. */
  readonly softAgeMs?: number;
  /** An older entry is served only while the store cannot be asked. Default 900,000 ms. */
  readonly hardAgeMs?: number;
  /** How long an unknown key or tenant stays unknown. Default 1,500 ms; at most 2,000. */
  readonly negativeAgeMs?: number;
  /** Most keys or tenants in one read. Default 64. */
  readonly batchSize?: number;
  /**
   * Most reads under way at once. Default 4. A miss waits for the end of the current turn of the
   * event loop, and while that many reads are under way: what gathers meanwhile is one read.
   */
  readonly maxReads?: number;
  /** Most keys and tenants waiting for a read. Default 10,000; further ones are unavailable. */
  readonly maxWaiting?: number;
  /** A read that takes longer is given up. Default 2,000 ms. */
  readonly readTimeoutMs?: number;
  /** How long one caller waits for an answer. Default 2,500 ms. */
  readonly deadlineMs?: number;
  /** How often changed placements are asked for; 0 for never. Default 1,000 ms. */
  readonly pollMs?: number;
  /** The clock of all ages; positive. Default: `performance`, read once in 5 ms. */
  readonly clock?: Clock;
}

/** Cache options with their defaults filled in. */
export type CacheSettings = Required<CacheOptions>;

const DEFAULTS: CacheSettings = {
  maxEntries: 100_000,
  maxBytes: 64 * 2 ** 20,
  softAgeMs: 60_000,
  hardAgeMs: 900_000,
  negativeAgeMs: 1_500,
  batchSize: 64,
  maxReads: 4,
  maxWaiting: 10_000,
  readTimeoutMs: 2_000,
  deadlineMs: 2_500,
  pollMs: 1_000,
  clock: new CoarseClock(),
};

const LEAST: Partial<Record<keyof CacheOptions, number>> = { pollMs: 0 };
const MOST: Partial<Record<keyof CacheOptions, number>> = {
  maxEntries: 20_000_000, // V8 keeps longer arrays as hash tables
  negativeAgeMs: 2_000,
  batchSize: 1_000,
};

/** Fills in defaults. @throws DirectoryOptionsInvalidError naming the field that is wrong */
export function cacheSettings(options: CacheOptions = {}): CacheSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const settings: CacheSettings = { ...DEFAULTS, ...Object.fromEntries(given) };
  for (const name of Object.keys(DEFAULTS) as (keyof CacheOptions)[]) {
    const value = settings[name];
    if (typeof value !== 'number') continue;
    const least = LEAST[name] ?? 1;
    const most = MOST[name] ?? Number.MAX_SAFE_INTEGER;
    if (value >= least && value <= most) continue;
    throw new DirectoryOptionsInvalidError(`cache.${name}`, `is not from ${least} to ${most}`);
  }
  if (settings.hardAgeMs < settings.softAgeMs) {
    throw new DirectoryOptionsInvalidError('cache.hardAgeMs', 'is less than cache.softAgeMs');
  }
  return settings;
}
