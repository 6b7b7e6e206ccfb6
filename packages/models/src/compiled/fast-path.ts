import type { DataSource } from 'typeorm';

/** Options under which statements must go TypeORM's way. */
interface WatchedOptions {
  readonly fastPath?: boolean;
  readonly maxQueryExecutionTime?: number;
  readonly enableQueryTimeout?: boolean;
  readonly typename?: string;
  readonly extra?: { readonly typeCast?: unknown };
  readonly cache?: unknown;
}

/** How many reads were compiled, and how many were TypeORM's, by the reason. */
export interface FastPathCounts {
  compiled: number;
  /** Statements that were made for them. */
  statements: number;
  readonly fellThrough: Map<string, number>;
}

const reasons = new WeakMap<DataSource, string>();
const counted = new WeakMap<DataSource, FastPathCounts>();
const NONE = '';

/** What a data source has counted so far. The reasons are a fixed set and hold nothing of a call. */
export function countsOf(dataSource: DataSource): FastPathCounts {
  let counts = counted.get(dataSource);
  if (counts === undefined) {
    counts = { compiled: 0, statements: 0, fellThrough: new Map() };
    counted.set(dataSource, counts);
  }
  return counts;
}

/**
 * Why no call of a data source is compiled: `fastPath: false`, an option by which TypeORM times,
 * converts or caches each query, or a subscriber that may listen. Undefined where calls may be.
 */
export function whyNotCompiled(dataSource: DataSource): string | undefined {
  if (dataSource.subscribers.length > 0) return 'subscribers';
  let reason = reasons.get(dataSource);
  if (reason === undefined) {
    reason = reasonOf(dataSource.options as WatchedOptions);
    reasons.set(dataSource, reason);
  }
  return reason === NONE ? undefined : reason;
}

function reasonOf({ fastPath, cache, extra, ...rest }: WatchedOptions): string {
  if (fastPath === false) return 'fastPath: false';
  if (rest.maxQueryExecutionTime !== undefined) return 'maxQueryExecutionTime';
  if (rest.enableQueryTimeout === true) return 'enableQueryTimeout';
  if (rest.typename !== undefined) return 'typename';
  if (extra?.typeCast !== undefined) return 'extra.typeCast';
  const always = (cache as { alwaysEnabled?: boolean } | undefined)?.alwaysEnabled === true;
  return always ? 'cache.alwaysEnabled' : NONE;
}
