import type { Connection } from 'mysql2/promise';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import type { ChangeBatch, ChangeSource, KeyChange } from '../changes/change-source.ts';
import { ChangeSourceLostError } from '../session/copier-errors.ts';
import { rawRowsOf, rowsOf, run } from '../session/queries.ts';
import { readSql } from '../table/column-sql.ts';
import { keyPlace, type LogNames } from './log-table.ts';
import { LowWaterMark } from './low-water-mark.ts';
import { installLog, removeLog, triggersInPlace, type InstallOptions } from './install-log.ts';
import type { WatchedTable } from './watched-table.ts';

interface Log {
  readonly watched: WatchedTable;
  readonly names: LogNames;
  readonly mark: LowWaterMark;
  fullReadAt: number;
}

/** Ids of consumed rows, by log. */
type Receipt = ReadonlyMap<Log, readonly string[]>;

/** How often a read begins at the very start of the log. */
const FULL_READ_EVERY_MS = 5_000;

/**
 * The change source of triggers that write keys to a log table beside each watched table. It works
 * with the rights on the tables alone, on both servers. It is consumed by deleting what was
 * processed, never by remembering the highest id.
 */
export class KeyLog implements ChangeSource {
  readonly #logs: readonly Log[];
  readonly #options: InstallOptions;

  /** `names` belong to `watched`, in the same order. */
  constructor(
    watched: readonly WatchedTable[],
    names: readonly LogNames[],
    options: InstallOptions,
  ) {
    this.#options = options;
    this.#logs = watched.map((table, i) => ({
      watched: table,
      names: names[i]!,
      mark: new LowWaterMark(),
      fullReadAt: -Infinity,
    }));
  }

  /** Tables that must be locked to read the log under table locks. */
  get logTables(): readonly string[] {
    return this.#logs.map(({ names }) => names.log);
  }

  async start(session: Connection): Promise<void> {
    for (const { watched, names } of this.#logs) {
      await installLog(session, { watched, names }, this.#options);
    }
  }

  async check(session: Connection): Promise<void> {
    for (const { watched, names } of this.#logs) {
      if (await triggersInPlace(session, watched, names)) continue;
      const reason = `the triggers that record the changes of ${watched.name} are not all there`;
      throw new ChangeSourceLostError(watched.name, reason);
    }
  }

  /**
   * Committed rows of a table are there for the next read at once. What is read from now on, under
   * locks, begins at the low-water mark: a read from the start may be slow.
   */
  reachPresent(): Promise<void> {
    for (const log of this.#logs) log.fullReadAt = performance.now();
    return Promise.resolve();
  }

  async read(session: Connection, limit: number): Promise<ChangeBatch> {
    const changes: KeyChange[] = [];
    const receipt = new Map<Log, readonly string[]>();
    for (const log of this.#logs) {
      if (changes.length >= limit) break;
      const found = await this.#readLog(session, log, limit - changes.length);
      changes.push(...found.changes);
      receipt.set(log, found.ids);
    }
    return { changes, receipt, more: changes.length >= limit };
  }

  async done(session: Connection, { receipt }: ChangeBatch): Promise<void> {
    for (const [{ names }, ids] of receipt as Receipt) {
      if (ids.length === 0) continue;
      const places = ids.map(() => 'CAST(? AS UNSIGNED)').join(', ');
      await run(
        session,
        `DELETE FROM ${escapeIdentifier(names.log)} WHERE seq IN (${places})`,
        ids,
      );
    }
  }

  async backlog(session: Connection): Promise<number> {
    let waiting = 0;
    for (const { names, mark } of this.#logs) {
      const [row] = await rowsOf<{ n: number }>(
        session,
        `SELECT COUNT(*) AS n FROM ${escapeIdentifier(names.log)} WHERE seq >= CAST(? AS UNSIGNED)`,
        [mark.from.toString()],
      );
      waiting += Number(row!.n);
    }
    return waiting;
  }

  async stop(session: Connection): Promise<void> {
    for (const { names } of this.#logs) {
      await removeLog(session, names, this.#options);
    }
  }

  async #readLog(
    session: Connection,
    log: Log,
    limit: number,
  ): Promise<{ changes: KeyChange[]; ids: string[] }> {
    const full = performance.now() - log.fullReadAt > FULL_READ_EVERY_MS;
    if (full) await log.mark.beforeFullRead(session);
    const keys = log.watched.key.map((column, i) => readSql({ ...column, name: keyPlace(i) }));
    const rows = await rawRowsOf(
      session,
      `SELECT seq, below, ${keys.join(', ')} FROM ${escapeIdentifier(log.names.log)}
       WHERE seq >= CAST(? AS UNSIGNED) ORDER BY seq LIMIT ${Math.trunc(limit)}`,
      [full ? '0' : log.mark.from.toString()],
    );
    const ids = rows.map(([seq]) => seq!.toString());
    if (full) {
      log.fullReadAt = performance.now();
      log.mark.afterFullRead(ids[0] === undefined ? undefined : BigInt(ids[0]));
    }
    const highest = ids.at(-1);
    if (highest !== undefined) await log.mark.note(session, BigInt(highest));
    return { ids, changes: rows.map((row) => changeOf(log.watched, row)) };
  }
}

function changeOf({ name }: WatchedTable, row: (Buffer | null)[]): KeyChange {
  const [, below, ...key] = row;
  return { table: name, key, standsForRowsBelow: below?.toString() === '1' };
}
