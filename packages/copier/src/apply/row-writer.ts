import type { Connection } from 'mysql2/promise';
import { failureNumber, isServerError, ServerError } from '@switchyard/mysql/internal';
import { inRange } from '../chunks/chunker.ts';
import type { KeyRange } from '../chunks/key-range.ts';
import { allOf, keyColumns, keyIn, type Condition } from '../table/key-sql.ts';
import { rawText, type Key } from '../session/raw-value.ts';
import { RowDoesNotFitError } from './apply-errors.ts';
import type { Permission } from './permission.ts';
import { inTransaction } from './retry.ts';
import type { RowCarrier } from './row-carrier.ts';
import { rowsInTheWay } from './rows-in-the-way.ts';

/** What a writer of rows works with. */
export interface RowWriterOptions {
  readonly carrier: RowCarrier;
  readonly permission: Permission;
  /** See `Probe.table`. */
  readonly probe: string;
  /** A dead-lock or a lock wait: chunks should become smaller. */
  readonly onRefused: () => void;
}

/** What a transaction does beside the rows (a range's were so many): checkpoint, log's forgetting. */
type Beside = (session: Connection, rows: number) => Promise<void>;

/** How a transaction is run, and what else it does. */
export interface WriteOptions {
  /** True under LOCK TABLES, with autocommit off. */
  readonly underLocks?: boolean;
  readonly beside?: Beside;
}

/** Keys in one statement: a short list keeps each transaction short. */
const MOST_KEYS = 500;
/** A batch that has grown so often met values that move faster than it reads. */
const MOST_GROWTHS = 50;

/**
 * Writes chunks and batches of keys, one at a time, each in one transaction with what belongs to
 * it. Where a unique value stands in the way, the rows that have it are written in the same
 * transaction: the batch grows until none is in the way.
 */
export class RowWriter {
  readonly #options: RowWriterOptions;

  constructor(options: RowWriterOptions) {
    this.#options = options;
  }

  /** Writes the rows of a range as they are now. Answers how many there are. */
  writeRange(session: Connection, range: KeyRange, options: WriteOptions = {}): Promise<number> {
    const { carrier } = this.#options;
    const these = allOf([inRange(carrier.pair.source, range), carrier.pair.where]);
    return this.#growing(session, these, async (inTheWay) => {
      return this.#write(session, options, async () => {
        if (inTheWay.length > 0) await this.#deleteAll(session, inTheWay);
        const rows = await carrier.copyRange(session, range);
        // Those of the range have just been written: deleted, they are inserted with the others.
        if (inTheWay.length > 0) await this.#replaceAll(session, inTheWay);
        return rows;
      });
    });
  }

  /** Writes the rows of these keys as they are now: those that are gone are removed. */
  async writeKeys(
    session: Connection,
    keys: readonly Key[],
    options: WriteOptions = {},
  ): Promise<void> {
    const { carrier } = this.#options;
    const distinct = [...new Map(keys.map((key) => [rawText(key), key])).values()];
    if (distinct.length === 0) {
      await this.#write(session, options, () => Promise.resolve(0));
      return;
    }
    const these = keysCondition(carrier, distinct);
    await this.#growing(session, these, (inTheWay) =>
      this.#write(session, options, () => this.#replaceAll(session, [...distinct, ...inTheWay])),
    );
  }

  async #growing(
    session: Connection,
    these: Condition,
    write: (inTheWay: readonly Key[]) => Promise<number>,
  ): Promise<number> {
    const { carrier, probe } = this.#options;
    const inTheWay = new Map<string, Key>();
    for (let growth = 0; ; growth++) {
      try {
        return await write([...inTheWay.values()]);
      } catch (cause) {
        if (!isServerError(cause, ServerError.ER_DUP_ENTRY)) throw explained(carrier, cause);
        if (growth === MOST_GROWTHS) throw explained(carrier, cause);
      }
      const keys = [...inTheWay.values()];
      const batch = keys.length === 0 ? these : either(these, keysCondition(carrier, keys));
      const found = await rowsInTheWay(session, { pair: carrier.pair, table: probe, these: batch });
      for (const key of found) inTheWay.set(rawText(key), key);
    }
  }

  #write(session: Connection, options: WriteOptions, work: () => Promise<number>): Promise<number> {
    const { permission, onRefused } = this.#options;
    const begins = options.underLocks !== true;
    return inTransaction(session, { permission, begins, onRefused }, async () => {
      const result = await work();
      await options.beside?.(session, result);
      return result;
    });
  }

  /** All are deleted before any is inserted: unique values may have moved among them. */
  async #replaceAll(session: Connection, keys: readonly Key[]): Promise<number> {
    await this.#deleteAll(session, keys);
    let rows = 0;
    for (const some of slices(keys)) {
      rows += await this.#options.carrier.insertKeys(session, some);
    }
    return rows;
  }

  async #deleteAll(session: Connection, keys: readonly Key[]): Promise<void> {
    for (const some of slices(keys)) await this.#options.carrier.deleteKeys(session, some);
  }
}

function slices(keys: readonly Key[]): Key[][] {
  return Array.from({ length: Math.ceil(keys.length / MOST_KEYS) }, (_, i) =>
    keys.slice(i * MOST_KEYS, (i + 1) * MOST_KEYS),
  );
}

function keysCondition({ pair }: RowCarrier, keys: readonly Key[]): Condition {
  return allOf([keyIn(keyColumns(pair.source.key), keys), pair.where]);
}

function either(one: Condition, other: Condition): Condition {
  return { sql: `(${one.sql}) OR (${other.sql})`, values: [...one.values, ...other.values] };
}

/** Answers of the server about a value of a row: all between these are about data. */
const DATA_ERRORS = new Set([
  ...[1048, 1062, 1264, 1265, 1292, 1364, 1366, 1406, 1411, 1416, 1425, 1526, 3140, 3819, 4025],
]);

function explained({ pair }: RowCarrier, cause: unknown): unknown {
  const number = failureNumber(cause);
  if (number === undefined || !DATA_ERRORS.has(number)) return cause;
  return new RowDoesNotFitError(pair.source.name, number, cause);
}
