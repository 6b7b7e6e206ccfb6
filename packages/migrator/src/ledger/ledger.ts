import type { Connection } from 'mysql2/promise';
import { changedBy, rowsOf } from '../server/connection.ts';
import { readable } from './tables.ts';

/** Which way a migration went. `baseline`: it was there when the database was adopted. */
export type LedgerDirection = 'up' | 'down' | 'baseline';

/** `started` without an end: running now, or killed; `failed`: ended by an error. */
export type LedgerState = 'started' | 'done' | 'failed';

/** One row of `shard_ledger`. Step 0 is the migration as a whole. */
export interface LedgerRow {
  readonly seq: number;
  readonly rollout: string;
  readonly migration: string;
  readonly direction: LedgerDirection;
  readonly step: number;
  /** The statement, or what the migration as a whole is. */
  readonly clause: string;
  /** How it ran: instant, inplace, copy, data, … */
  readonly path: string;
  readonly state: LedgerState;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly who: string;
  /** SHA-256 of the migration file; null for a baseline without one. */
  readonly checksum: string | null;
  readonly tool: string;
  /** How long others waited behind this step's lock requests. */
  readonly stallMs: number;
  /** What went wrong, or how an unknown outcome was settled. */
  readonly outcome: string | null;
}

/** The row of a migration or a step that begins. */
export interface Beginning {
  readonly migration: string;
  readonly direction: LedgerDirection;
  readonly step: number;
  readonly clause: string;
  readonly path: string;
  readonly checksum: string | null;
  /** The steps that were planned, kept so that a resumed run goes on with the same ones. */
  readonly plan?: string;
}

/** Who writes: on every row, so that a ledger read years later still says it. */
export interface Author {
  readonly rollout: string;
  /** `user@host`. */
  readonly who: string;
  /** Name and version of the tool. */
  readonly tool: string;
}

const COLUMNS = `seq, rollout, migration, direction, step, clause, path, state,
  started_at AS startedAt, ended_at AS endedAt, who, checksum, tool, stall_ms AS stallMs, outcome`;

/** All rows of a shard's ledger, oldest first. @throws LedgerMissingError */
export function readLedger(connection: Connection, shard: string): Promise<LedgerRow[]> {
  return readable(shard, () =>
    rowsOf<LedgerRow>(connection, `SELECT ${COLUMNS} FROM shard_ledger ORDER BY seq`),
  );
}

/** The latest row of each migration as a whole, oldest first. @throws LedgerMissingError */
export function readMigrationRows(connection: Connection, shard: string): Promise<LedgerRow[]> {
  const latest = 'SELECT MAX(seq) FROM shard_ledger WHERE step = 0 GROUP BY migration';
  const sql = `SELECT ${COLUMNS} FROM shard_ledger WHERE seq IN (${latest}) ORDER BY seq`;
  return readable(shard, () => rowsOf<LedgerRow>(connection, sql));
}

/**
 * True where the shard's ledger shows the migration as done. One that is being reverted still
 * counts until its `down` is done; the latest row of the migration decides.
 */
export function isApplied(rows: readonly LedgerRow[], migration: string): boolean {
  const row = rows.find((candidate) => candidate.migration === migration);
  if (row === undefined) return false;
  return row.direction === 'down' ? row.state !== 'done' : row.state === 'done';
}

/**
 * Notes a beginning, only while the lease with `token` is still this run's and no one asked for a
 * halt: one statement, so that nothing can come between the look and the note. Returns the row's
 * seq, or undefined where the lease or the control says no.
 */
export async function noteStarted(
  connection: Connection,
  author: Author,
  token: number,
  begun: Beginning,
): Promise<number | undefined> {
  const { id, rows } = await changedBy(
    connection,
    `INSERT INTO shard_ledger
       (rollout, migration, direction, step, clause, path, state, started_at, who, checksum, tool, plan)
     SELECT ?, ?, ?, ?, ?, ?, 'started', NOW(3), ?, ?, ?, ?
     FROM shard_lease WHERE id = 1 AND token = ? AND control = 'run'`,
    [
      author.rollout,
      begun.migration,
      begun.direction,
      begun.step,
      begun.clause,
      begun.path,
      author.who,
      begun.checksum,
      author.tool,
      begun.plan ?? null,
      token,
    ],
  );
  return rows === 0 ? undefined : id;
}

/** A migration that is noted without being run. */
export interface BaselineNote {
  readonly migration: string;
  /** Where it comes from. */
  readonly clause: string;
  readonly state: 'started' | 'done';
  readonly checksum: string | null;
  /** What is left to do for it. */
  readonly plan?: string;
}

/** Notes a migration that is there already: adopted, or copied with the schema of a sibling. */
export async function noteBaseline(
  connection: Connection,
  author: Author,
  { migration, clause, state, checksum, plan }: BaselineNote,
): Promise<void> {
  await connection.query(
    `INSERT INTO shard_ledger
       (rollout, migration, direction, step, clause, path, state, started_at, ended_at, who,
        checksum, tool, plan)
     VALUES (?, ?, 'baseline', 0, ?, 'baseline', ?, NOW(3), IF(? = 'done', NOW(3), NULL), ?, ?, ?, ?)`,
    [
      author.rollout,
      migration,
      clause,
      state,
      state,
      author.who,
      checksum,
      author.tool,
      plan ?? null,
    ],
  );
}

/** How a migration or step ended. */
export interface Ending {
  readonly state: Exclude<LedgerState, 'started'>;
  readonly outcome?: string;
  readonly stallMs?: number;
}

/** Notes the end of what `noteStarted` began. A row that has ended is left alone. */
export async function noteEnded(
  connection: Connection,
  seq: number,
  ending: Ending,
): Promise<boolean> {
  const { rows } = await changedBy(
    connection,
    `UPDATE shard_ledger SET state = ?, outcome = ?, stall_ms = ?, ended_at = NOW(3),
       plan = IF(? = 'done', NULL, plan)
     WHERE seq = ? AND state = 'started'`,
    [ending.state, ending.outcome ?? null, Math.round(ending.stallMs ?? 0), ending.state, seq],
  );
  return rows === 1;
}

/** Begins a failed migration's row again: the same row goes on until the migration is done. */
export async function reopenMigration(connection: Connection, seq: number): Promise<void> {
  await connection.query(
    `UPDATE shard_ledger SET state = 'started', ended_at = NULL, outcome = NULL
     WHERE seq = ? AND state = 'failed'`,
    [seq],
  );
}

/** What a run that died left open: the migration's row, its planned steps, and their rows. */
export interface OpenMigration {
  readonly row: LedgerRow;
  /** The planned steps, as `Beginning.plan` kept them. */
  readonly plan: string;
  readonly steps: readonly LedgerRow[];
}

/**
 * The migration of which some has run here, or may have, and that has not ended as done; undefined
 * where there is none. All that are open are looked at: one that failed at its first step and was
 * then given up stays open for good, and must not hide a later one that is half done.
 */
export async function readHalfDone(
  connection: Connection,
  rows: readonly LedgerRow[],
): Promise<OpenMigration | undefined> {
  for (const row of rows) {
    if (row.state === 'done' || row.direction === 'baseline') continue;
    const open = await readOpenMigration(connection, row);
    if (hasRun(open)) return open;
  }
  return undefined;
}

/** True where a step has run, or may have: one that failed has changed nothing. */
function hasRun({ steps }: OpenMigration): boolean {
  return steps.some(({ state }) => state !== 'failed');
}

/**
 * The first migration that has not ended as done. One that changed nothing before it failed, and
 * whose file was taken away since, is over; `files` are the names of those that are there.
 */
export async function findOpen(
  connection: Connection,
  rows: readonly LedgerRow[],
  files: ReadonlySet<string>,
): Promise<LedgerRow | undefined> {
  for (const row of rows) {
    if (row.state === 'done') continue;
    const mayBeOver = row.state === 'failed' && !files.has(row.migration);
    if (!mayBeOver || hasRun(await readOpenMigration(connection, row))) return row;
  }
  return undefined;
}

async function readOpenMigration(connection: Connection, row: LedgerRow): Promise<OpenMigration> {
  const [kept] = await rowsOf<{ plan: string | null }>(
    connection,
    'SELECT plan FROM shard_ledger WHERE seq = ?',
    [row.seq],
  );
  const steps = await rowsOf<LedgerRow>(
    connection,
    `SELECT ${COLUMNS} FROM shard_ledger
     WHERE migration = ? AND step > 0 AND seq > ? ORDER BY seq`,
    [row.migration, row.seq],
  );
  return { row, plan: kept?.plan ?? '[]', steps };
}
