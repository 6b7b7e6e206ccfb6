import { performance } from 'node:perf_hooks';
import { isServerError, ServerError } from '@switchyard/mysql/internal';
import type { RowDataPacket } from 'mysql2/promise';

/** How long an answer is believed. A rollout takes minutes; a deploy waits for `status --require`. */
const DEFAULT_MAX_AGE_MS = 5_000;

/**
 * The ledger of the migrator, as its documented format 1 says it: of the rows of a migration as a
 * whole (step 0) the latest decides, and only `done` counts. One that is being reverted is not there.
 */
const APPLIED = `SELECT migration FROM shard_ledger
  WHERE seq IN (SELECT MAX(seq) FROM shard_ledger WHERE step = 0 GROUP BY migration)
    AND state = 'done' AND direction <> 'down'`;

/** Runs one read on a shard. What a data source or a plain connection gives. */
export type ReadShard = (shard: string, sql: string) => Promise<readonly RowDataPacket[]>;

/** How applied migrations are remembered. */
export interface MigrationMemoryOptions {
  /** How long an answer is believed, in milliseconds. Default 5,000. */
  readonly maxAgeMs?: number;
  /** Milliseconds that only grow. Default `performance.now`. */
  readonly clock?: () => number;
}

interface Known {
  readonly at: number;
  readonly names: Promise<ReadonlySet<string>>;
}

/**
 * Which migrations each shard has, for code that runs while schemas differ. One read per shard and
 * `maxAgeMs`, shared by all who ask meanwhile; a read that fails is not remembered.
 */
export class MigrationMemory {
  readonly #read: ReadShard;
  readonly #maxAgeMs: number;
  readonly #clock: () => number;
  readonly #known = new Map<string, Known>();

  constructor(read: ReadShard, options: MigrationMemoryOptions = {}) {
    this.#read = read;
    this.#maxAgeMs = options.maxAgeMs ?? DEFAULT_MAX_AGE_MS;
    this.#clock = options.clock ?? (() => performance.now());
  }

  /** True where the shard's ledger shows the migration as done. */
  async has(shard: string, migration: string): Promise<boolean> {
    return (await this.#namesOf(shard)).has(migration);
  }

  #namesOf(shard: string): Promise<ReadonlySet<string>> {
    const known = this.#known.get(shard);
    const now = this.#clock();
    if (known !== undefined && now - known.at < this.#maxAgeMs) return known.names;
    const names = readApplied(this.#read, shard);
    const entry = { at: now, names };
    this.#known.set(shard, entry);
    names.catch(() => this.#known.get(shard) === entry && this.#known.delete(shard));
    return names;
  }
}

async function readApplied(read: ReadShard, shard: string): Promise<ReadonlySet<string>> {
  try {
    const rows = await read(shard, APPLIED);
    return new Set(rows.map((row) => String(row['migration'])));
  } catch (error) {
    // A shard without a ledger has no migrations.
    if (isServerError(error, ServerError.ER_NO_SUCH_TABLE)) return new Set();
    throw error;
  }
}
