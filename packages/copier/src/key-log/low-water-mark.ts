import type { Connection } from 'mysql2/promise';
import {
  failureNumber,
  isConnectionLost,
  transactionBeganMicros,
} from '@switchyard/mysql/internal';
import { rowsOf } from '../session/queries.ts';

interface Seen {
  /** Server's clock, microseconds. */
  readonly at: number;
  readonly highest: bigint;
}

/** Begin times of transactions are whole seconds: one second of doubt. */
const DOUBT_MICROSECONDS = 1_000_000;
const NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))";
const OLDEST = `SELECT CAST(${NOW} AS CHAR) AS now, CAST(COALESCE(
    (SELECT MIN(${transactionBeganMicros('trx_started')}) FROM information_schema.INNODB_TRX
     WHERE trx_mysql_thread_id <> CONNECTION_ID()), ${NOW}) AS CHAR) AS oldest`;

/**
 * From which id on a log has to be read. Ids are given before commits, so a row with a low id may
 * appear late; but an id that was seen before the oldest open transaction began belongs to a
 * transaction that has ended, and after one full read later than that its row is consumed. Reading
 * from there skips the deleted rows that an open snapshot keeps InnoDB from purging: a read from
 * the start took up to 831 ms behind a million of them, from a lower bound 1 ms.
 */
export class LowWaterMark {
  #seen: Seen[] = [];
  #settled = 0n;
  #candidate: bigint | undefined;

  /** Reads begin at this id. */
  get from(): bigint {
    return this.#settled;
  }

  /** A full read from the start is about to begin: what it will settle is fixed before it. */
  async beforeFullRead(session: Connection): Promise<void> {
    this.#candidate = undefined;
    const times = await oldestTransaction(session);
    if (times === undefined) return;
    const past = this.#seen.filter(({ at }) => at < times.oldest - DOUBT_MICROSECONDS);
    this.#candidate = past.at(-1)?.highest;
  }

  /** The full read began at this id: where it lies above the candidate, nothing below is left. */
  afterFullRead(lowest: bigint | undefined): void {
    const candidate = this.#candidate;
    this.#candidate = undefined;
    if (candidate === undefined || candidate <= this.#settled) return;
    if (lowest !== undefined && lowest <= candidate) return;
    this.#settled = candidate;
    this.#seen = this.#seen.filter(({ highest }) => highest > candidate);
  }

  /** Notes the highest id seen, by the server's clock. */
  async note(session: Connection, highest: bigint): Promise<void> {
    if (highest <= (this.#seen.at(-1)?.highest ?? 0n)) return;
    const [row] = await rowsOf<{ now: string }>(session, `SELECT CAST(${NOW} AS CHAR) AS now`);
    this.#seen.push({ at: Number(row!.now), highest });
    if (this.#seen.length > 1_000) this.#seen = this.#seen.filter((_, i) => i % 2 === 1);
  }
}

async function oldestTransaction(session: Connection): Promise<{ oldest: number } | undefined> {
  try {
    const [row] = await rowsOf<{ now: string; oldest: string }>(session, OLDEST);
    return { oldest: Math.min(Number(row!.oldest), Number(row!.now)) };
  } catch (error) {
    // Without the right PROCESS there is no mark, and every read begins at the start.
    if (failureNumber(error) === undefined || isConnectionLost(error)) throw error;
    return undefined;
  }
}
