import type { Connection } from 'mysql2/promise';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import { inRange } from '../chunks/chunker.ts';
import type { KeyRange } from '../chunks/key-range.ts';
import { rawRowsOf, run } from '../session/queries.ts';
import {
  allOf,
  keyAfter,
  keyColumns,
  keyIn,
  keySelect,
  keyUpTo,
  type KeyColumns,
} from '../table/key-sql.ts';
import type { Key } from '../session/raw-value.ts';
import type { RowCarrier, TablePair } from './row-carrier.ts';

/** MariaDB makes a sub-query of an IN list of 1,000 and compares by other rules. */
const KEYS_AT_ONCE = 500;

/**
 * Carries rows inside one server: INSERT … SELECT under READ COMMITTED, without a lock clause. A
 * share-locked chunk made the application the victim of dead-locks in 10 of 10 trials; what the
 * lock would protect, the order of chunks and batches does.
 */
export class SameServerCarrier implements RowCarrier {
  readonly pair: TablePair;
  readonly #target: string;
  readonly #source: string;
  readonly #insert: string;
  /** The key as its columns are called in the target. */
  readonly #targetKey: KeyColumns;
  readonly #sameOrder: boolean;

  constructor(pair: TablePair) {
    this.pair = pair;
    this.#target = escapeIdentifier(pair.target.name);
    this.#source = escapeIdentifier(pair.source.name);
    const into = pair.columns.map(({ to }) => escapeIdentifier(to.name)).join(', ');
    const from = pair.columns.map(({ from: { name } }) => escapeIdentifier(name)).join(', ');
    this.#insert = `INSERT INTO ${this.#target} (${into}) SELECT ${from} FROM ${this.#source}`;
    this.#targetKey = keyOnTarget(pair);
    this.#sameOrder = hasSameOrder(pair);
  }

  async deleteKeys(session: Connection, keys: readonly Key[]): Promise<void> {
    const these = keyIn(this.#targetKey, keys);
    await run(session, `DELETE FROM ${this.#target} WHERE ${these.sql}`, these.values);
  }

  async insertKeys(session: Connection, keys: readonly Key[]): Promise<number> {
    const these = keyIn(keyColumns(this.pair.source.key), keys);
    const where = allOf([these, this.pair.where]);
    return run(session, `${this.#insert} WHERE ${where.sql}`, where.values);
  }

  async copyRange(session: Connection, range: KeyRange): Promise<number> {
    await this.#deleteRange(session, range);
    const where = allOf([inRange(this.pair.source, range), this.pair.where]);
    const index = escapeIdentifier(this.pair.source.keyIndex);
    const sql = `${this.#insert} FORCE INDEX (${index}) WHERE ${where.sql}`;
    return run(session, sql, where.values);
  }

  /**
   * Removes what earlier batches wrote into the range. Where the target sorts its keys otherwise
   * (another collation, another type), a range of the source is no range there: it may hold rows of
   * other chunks. Then the rows to remove are found through the source.
   */
  async #deleteRange(session: Connection, range: KeyRange): Promise<void> {
    if (this.#sameOrder) {
      const where = allOf([
        range.after && keyAfter(this.#targetKey, range.after),
        range.upTo && keyUpTo(this.#targetKey, range.upTo),
      ]);
      await run(session, `DELETE FROM ${this.#target} WHERE ${where.sql}`, where.values);
      return;
    }
    // Read and named one by one: a DELETE that joins the source would lock the application's rows.
    const { source } = this.pair;
    const where = inRange(source, range);
    const keys = await rawRowsOf(
      session,
      `SELECT ${keySelect(source.key)} FROM ${this.#source} WHERE ${where.sql}`,
      where.values,
    );
    for (let i = 0; i < keys.length; i += KEYS_AT_ONCE) {
      await this.deleteKeys(session, keys.slice(i, i + KEYS_AT_ONCE));
    }
  }
}

/** The source's key as its columns are called in the target. */
export function keyOnTarget({ source, columns }: TablePair): KeyColumns {
  const names = source.key.map(
    ({ name }) => columns.find(({ from }) => from.name === name)?.to.name ?? name,
  );
  return { names, read: source.key };
}

/** True where the target sorts the key as the source does. */
export function hasSameOrder({ source, columns }: TablePair): boolean {
  return source.key.every((from) => {
    const to = columns.find((pair) => pair.from.name === from.name)?.to;
    if (to === undefined || to.family !== from.family) return false;
    if (from.family === 'text') return to.collation === from.collation;
    // The numbers of ENUM and SET follow the list of members.
    return from.family === 'enum' || from.family === 'set' ? to.type === from.type : true;
  });
}
