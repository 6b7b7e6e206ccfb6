import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { rowsOf } from '../server/connection.ts';
import { noteEnded, type Beginning } from '../ledger/ledger.ts';
import { outcomeOf, stillHolds } from '../plan/outcome.ts';
import type { Step } from '../plan/plan.ts';
import {
  failureNumber,
  isConnectionLost,
  isServerError,
  ServerError,
} from '@switchyard/mysql/internal';
import {
  SchemaMovedError,
  shortened,
  StepCheckFailedError,
  StepFailedError,
  TableLockedError,
} from './rollout-errors.ts';
import type { ShardSession } from './shard-session.ts';
import { watchStatement } from './statement-watch.ts';
import { withTableLock } from './table-lock.ts';

/** One step of a migration on one shard, and where it stands among the others. */
export interface StepOfMigration {
  readonly migration: string;
  readonly direction: 'up' | 'down';
  readonly checksum: string;
  readonly step: Step;
  /** From 1. */
  readonly number: number;
  readonly of: number;
}

/** How a step came to be done. */
export interface StepEnd {
  readonly how: 'ran' | 'already-there' | 'settled';
  readonly stallMs: number;
}

/** Distance of interleaved ids; the ordinal of a shard is below it (`models` does the same). */
const ID_STEP = 1024;
const DATA_SESSION = ['auto_increment_increment', 'auto_increment_offset', 'lock_wait_timeout'];
/** What the ledger has room for, in characters of four bytes; the whole statement is in its plan. */
const LONGEST_CLAUSE = 16_000;
const UNDONE = [ServerError.ER_LOCK_DEADLOCK, ServerError.ER_LOCK_WAIT_TIMEOUT];
const DATA_TRIES = 5;
const DATA_PAUSE_MS = 200;
/** Paths that take no lock that somebody else may have. */
const LOCK_FREE = new Set<Step['path']>(['data', 'already-there']);

/**
 * Runs one step: notes the beginning, sends the statement, notes the end. Between the two notes a
 * kill leaves a row that says `started`; the next run settles it by looking at the schema.
 * @throws StepFailedError, StepCheckFailedError, TableLockedError, SchemaMovedError; a lost
 * connection is thrown on as it is, with the row left open
 */
export async function runStep(session: ShardSession, of: StepOfMigration): Promise<StepEnd> {
  const seq = await session.begin(beginningOf(of));
  session.pass('step-noted');
  const began = performance.now();
  let end: StepEnd;
  try {
    end = await carryOut(session, of, seq);
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    const told = asStepError(session, of.step, error);
    await noteEnded(session.connection, seq, { state: 'failed', outcome: told.message });
    throw told;
  }
  await accept(session, of, seq, end);
  return told(session, of, began, end);
}

async function carryOut(session: ShardSession, of: StepOfMigration, seq: number): Promise<StepEnd> {
  const { step } = of;
  if (await isThere(session, step)) return { how: 'already-there', stallMs: 0 };
  tellStart(session, of);
  await checkData(session, step, 'before');
  const stallMs = await withSession(session, step, () =>
    isInTransaction(step) ? sendInTransaction(session, step, seq) : sendLocked(session, of),
  );
  session.pass('after-statement');
  return { how: 'ran', stallMs };
}

/**
 * Counts again and notes the end. Where the count is not zero the row stays `started`, not `failed`:
 * the statement was carried out, and whoever goes on finds it there and has to count as well.
 */
async function accept(
  session: ShardSession,
  { step }: StepOfMigration,
  seq: number,
  { how, stallMs }: StepEnd,
): Promise<void> {
  await checkData(session, step, 'after');
  const there = how === 'already-there';
  if (there || !isInTransaction(step)) {
    const outcome = there ? { outcome: 'already there' } : {};
    await noteEnded(session.connection, seq, { state: 'done', stallMs, ...outcome });
  }
  if (!there) session.pass('step-ended');
}

/** A data statement and its ledger row have ended together. */
function isInTransaction({ verify }: Step): boolean {
  return verify.kind === 'transaction';
}

/** True where nothing has to be sent. @throws SchemaMovedError where the table became another one */
async function isThere(session: ShardSession, step: Step): Promise<boolean> {
  if (step.path === 'already-there') return true;
  if (await stillHolds(session.connection, step)) return false;
  if ((await outcomeOf(session.connection, step)) === 'done') return true;
  throw new SchemaMovedError(session.shard.name, step);
}

async function sendLocked(session: ShardSession, of: StepOfMigration): Promise<number> {
  const { step } = of;
  let watched = 0;
  const send = async (): Promise<void> => {
    session.pass('before-statement');
    watched += await sendWatched(session, of);
  };
  if (LOCK_FREE.has(step.path)) {
    await send();
    return watched;
  }
  return (await withTableLock(session, step, send)) + watched;
}

async function sendWatched(session: ShardSession, of: StepOfMigration): Promise<number> {
  const { step } = of;
  const began = performance.now();
  const { stallMs } = await watchStatement(
    session.connection.query(step.sql, [...step.parameters]),
    {
      second: () => session.second(),
      threadId: session.connection.threadId ?? 0,
      engine: session.shard.server.engine,
      onSight: ({ done }) => {
        if (done !== undefined) tellProgress(session, of, done, performance.now() - began);
      },
    },
  );
  return stallMs;
}

/**
 * Sends a data statement. A deadlock or a row lock that took too long undoes the whole transaction,
 * its ledger row included, so that it may be sent again.
 */
async function sendInTransaction(session: ShardSession, step: Step, seq: number): Promise<number> {
  const { connection, shard, policy } = session;
  await setVariables(connection, DATA_SESSION, {
    auto_increment_increment: ID_STEP,
    auto_increment_offset: shard.ordinal,
    lock_wait_timeout: policy.lockWaitSeconds,
  });
  for (let attempt = 1; ; attempt++) {
    try {
      await changeRows(session, step, seq);
      return 0;
    } catch (error) {
      const undone = isServerError(error, ...UNDONE);
      if (!undone || attempt === DATA_TRIES) throw error;
      await sleep(DATA_PAUSE_MS * attempt);
      await session.mayGoOn();
    }
  }
}

/**
 * Rows change together with their ledger row, so that a kill leaves both or neither. Ids that are
 * given out are the shard's own, as everywhere: its ordinal plus a multiple of 1,024.
 */
async function changeRows(session: ShardSession, step: Step, seq: number): Promise<void> {
  const { connection } = session;
  await connection.query('START TRANSACTION');
  try {
    session.pass('before-statement');
    await connection.query(step.sql, [...step.parameters]);
    await noteEnded(connection, seq, { state: 'done' });
    await connection.query('COMMIT');
  } catch (error) {
    if (!isConnectionLost(error)) await connection.query('ROLLBACK');
    throw error;
  }
}

/** Sets the step's session variables, and sets them back. Their names come from the planner. */
async function withSession<T>(
  session: ShardSession,
  step: Step,
  work: () => Promise<T>,
): Promise<T> {
  const names = Object.keys(step.session).filter((name) => /^\w+$/.test(name));
  if (names.length === 0) return work();
  const before = await readVariables(session.connection, names);
  await setVariables(session.connection, names, step.session);
  try {
    return await work();
  } finally {
    await setVariables(session.connection, names, before).catch(() => undefined); // a lost one
  }
}

async function readVariables(connection: Connection, names: readonly string[]) {
  const list = names.map((name) => `@@SESSION.${name} AS ${name}`).join(', ');
  const [row] = await rowsOf<Record<string, number | string>>(connection, `SELECT ${list}`);
  return row ?? {};
}

async function setVariables(
  connection: Connection,
  names: readonly string[],
  values: Readonly<Record<string, number | string>>,
): Promise<void> {
  const list = names.map((name) => `SESSION ${name} = ?`).join(', ');
  await connection.query(
    `SET ${list}`,
    names.map((name) => values[name]),
  );
}

/** Counts what has to be zero. @throws StepCheckFailedError */
export async function checkData(
  session: ShardSession,
  step: Step,
  when: 'before' | 'after',
): Promise<void> {
  for (const check of step.checks) {
    if (check.when !== when && check.when !== 'both') continue;
    const { sql, parameters = [] } = check;
    const [row] = await rowsOf<{ offending: number | string }>(session.connection, sql, [
      ...parameters,
    ]);
    const offending = Number(row?.offending ?? 0);
    if (offending > 0) throw new StepCheckFailedError(session.shard.name, step, check, offending);
  }
}

function asStepError(session: ShardSession, step: Step, error: unknown): Error {
  const own = [SchemaMovedError, StepCheckFailedError, TableLockedError];
  if (own.some((kind) => error instanceof kind)) return error as Error;
  if (failureNumber(error) === undefined) return error as Error;
  return new StepFailedError(session.shard.name, step, error);
}

function beginningOf(of: StepOfMigration): Beginning {
  return {
    migration: of.migration,
    direction: of.direction,
    step: of.number,
    clause: of.step.sql.slice(0, LONGEST_CLAUSE),
    path: of.step.path,
    checksum: of.checksum,
  };
}

function tellStart(session: ShardSession, { migration, step, number, of }: StepOfMigration): void {
  session.emit({
    event: 'step-started',
    shard: session.shard.name,
    migration,
    step: number,
    of,
    table: step.table,
    clause: shortened(step.clause),
    path: step.path,
    rows: step.rows,
  });
}

function tellProgress(
  session: ShardSession,
  { step, number }: StepOfMigration,
  done: number,
  ranMs: number,
): void {
  session.emit({
    event: 'step-progress',
    shard: session.shard.name,
    step: number,
    done,
    rowsPerSecond: Math.round((step.rows * done) / (ranMs / 1000)),
    etaMs: done > 0 ? Math.round((ranMs / done) * (1 - done)) : 0,
  });
}

function told(session: ShardSession, of: StepOfMigration, began: number, end: StepEnd): StepEnd {
  session.emit({
    event: 'step-ended',
    shard: session.shard.name,
    migration: of.migration,
    step: of.number,
    of: of.of,
    durationMs: Math.round(performance.now() - began),
    stallMs: Math.round(end.stallMs),
    how: end.how,
  });
  return end;
}
