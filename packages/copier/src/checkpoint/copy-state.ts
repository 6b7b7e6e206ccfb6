import type { Connection } from 'mysql2/promise';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import { rowsOf, run } from '../session/queries.ts';
import { fromRawText, rawText, type Key } from '../session/raw-value.ts';

/**
 * How far a copy is. `making`: the shadow is not complete. `copying`: changes are recorded, chunks
 * go on after `position`. `copied`: every chunk is written. `cutting`: a swap was begun, and which
 * tables exist says whether it happened. `swapped`: only the clean-up remains. `aborting`: what
 * was made is being removed.
 */
export type CopyStage = 'making' | 'copying' | 'copied' | 'cutting' | 'swapped' | 'aborting';

/** A copy's checkpoint: one row of a table beside the original. */
export interface CopyState {
  readonly stage: CopyStage;
  /** The key of the last row that chunks have written. */
  readonly position: Key | undefined;
  readonly rowsCopied: number;
  /** Of the original, when its changes began to be recorded. */
  readonly incarnation: string;
  /** What the shadow is to become: the clauses, as the run was asked. */
  readonly definition: string;
}

/** Changes when a state of an older copier cannot be read any more. */
const FORMAT = 1;

interface StateRow {
  readonly stage: CopyStage;
  readonly position: string | null;
  readonly rowsCopied: string;
  readonly incarnation: string;
  readonly definition: string;
}

/** The checkpoint of one copy. */
export class StateTable {
  readonly #table: string;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
    this.#table = escapeIdentifier(name);
  }

  /** Makes the table with its row, where it is not there yet. */
  async create(session: Connection, definition: string): Promise<void> {
    await run(
      session,
      `CREATE TABLE IF NOT EXISTS ${this.#table} (
        id TINYINT NOT NULL PRIMARY KEY, format INT NOT NULL, stage VARCHAR(20) NOT NULL,
        position MEDIUMTEXT NULL, rows_copied BIGINT NOT NULL, incarnation TEXT NOT NULL,
        definition MEDIUMTEXT NOT NULL
      ) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
        COMMENT = 'Switchyard: where the copy of a table stands'`,
    );
    await run(
      session,
      `INSERT INTO ${this.#table} (id, format, stage, position, rows_copied, incarnation, definition)
       VALUES (1, ${FORMAT}, 'making', NULL, 0, '', ?)`,
      [definition],
    );
  }

  /** The checkpoint, or undefined where there is no copy. A table without its row is no copy yet. */
  async read(session: Connection): Promise<CopyState | undefined> {
    if (!(await isBegun(session, this.#name))) return undefined;
    const [row] = await rowsOf<StateRow>(
      session,
      `SELECT stage, position, CAST(rows_copied AS CHAR) AS rowsCopied, incarnation, definition
       FROM ${this.#table} WHERE id = 1 AND format = ${FORMAT}`,
    );
    if (row === undefined) return undefined;
    return {
      ...row,
      position: row.position === null ? undefined : fromRawText(row.position),
      rowsCopied: Number(row.rowsCopied),
    };
  }

  /** Notes a stage, in the session's open transaction where there is one. */
  async enter(session: Connection, stage: CopyStage, incarnation?: string): Promise<void> {
    await run(
      session,
      `UPDATE ${this.#table} SET stage = ?, incarnation = COALESCE(?, incarnation) WHERE id = 1`,
      [stage, incarnation ?? null],
    );
  }

  /** Notes a written chunk, in its transaction. */
  async advance(session: Connection, position: Key | undefined, rows: number): Promise<void> {
    await run(
      session,
      `UPDATE ${this.#table} SET position = ?, rows_copied = rows_copied + ?, stage = ? WHERE id = 1`,
      [
        position === undefined ? null : rawText(position),
        rows,
        position === undefined ? 'copied' : 'copying',
      ],
    );
  }

  /** Removes the checkpoint: the last thing that a copy does. */
  async drop(session: Connection): Promise<void> {
    await run(session, `DROP TABLE IF EXISTS ${this.#table}`);
  }
}

/** True where the state table is there: it is made first and removed last. */
export async function isBegun(session: Connection, stateTable: string): Promise<boolean> {
  const [there] = await rowsOf(
    session,
    'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [stateTable],
  );
  return there !== undefined;
}
