import { performance } from 'node:perf_hooks';
import type { Connection } from 'mysql2/promise';
import { rowsOf } from '../server/connection.ts';
import { noteEnded, type Beginning } from '../ledger/ledger.ts';
import { outcomeOf, stillHolds } from '../plan/outcome.ts';
import type { Step } from '../plan/plan.ts';
import { isSwitchyardError } from '@switchyard/shard-context';
import { failureNumber, isConnectionLost } from '@switchyard/mysql/internal';
import {
  SchemaMovedError,
  shortened,
  StepCheckFailedError,
  StepFailedError,
} from './rollout-errors.ts';
import type { ShardSession } from './shard-session.ts';
import {
  executorOf,
  isInTransaction,
  setVariables,
  type StepOfMigration,
} from './step-executor.ts';

/** How a step came to be done. */
export interface StepEnd {
  readonly how: 'ran' | 'already-there' | 'settled';
  readonly stallMs: number;
}

/** What the ledger has room for, in characters of four bytes; the whole statement is in its plan. */
const LONGEST_CLAUSE = 16_000;

/**
 * Runs one step: notes the beginning, sends the statement, notes the end. Between the two notes a
 * kill leaves a row that says `started`; the next run settles it by looking at the schema, or goes on
 * where the step is still under way, with that row (`open`).
 * @throws StepFailedError, StepCheckFailedError, TableLockedError, SchemaMovedError; a lost
 * connection is thrown on as it is, with the row left open
 */
export async function runStep(
  session: ShardSession,
  of: StepOfMigration,
  open?: number,
): Promise<StepEnd> {
  if (open !== undefined) await session.mayGoOn();
  const seq = open ?? (await session.begin(beginningOf(of)));
  session.pass('step-noted');
  const began = performance.now();
  let end: StepEnd;
  try {
    end = await carryOut(session, of, seq);
  } catch (error) {
    if (isConnectionLost(error)) throw error;
    const told = asStepError(session, of.step, error);
    if (!(await executorOf(of.step).isUnderWay(session, of.step))) {
      await noteEnded(session.connection, seq, { state: 'failed', outcome: told.message });
    }
    throw told;
  }
  await accept(session, of, seq, end);
  return told(session, of, began, end);
}

async function carryOut(session: ShardSession, of: StepOfMigration, seq: number): Promise<StepEnd> {
  const { step } = of;
  const executor = executorOf(step);
  const goesOn = await executor.isUnderWay(session, step);
  if (!goesOn && (await isThere(session, step))) return { how: 'already-there', stallMs: 0 };
  tellStart(session, of);
  await checkData(session, step, 'before');
  const stallMs = await withSession(session, step, () => executor.carryOut(session, of, seq));
  session.pass('after-statement');
  return { how: 'ran', stallMs };
}

/**
 * Counts again and notes the end. Where the count is not zero the row stays `started`, not `failed`:
 * the statement was carried out, and the run that goes on finds it there and has to count as well.
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

/** True where nothing has to be sent. @throws SchemaMovedError where the table became another one */
async function isThere(session: ShardSession, step: Step): Promise<boolean> {
  if (step.path === 'already-there') return true;
  if (await stillHolds(session.connection, step)) return false;
  if ((await outcomeOf(session.connection, step)) === 'done') return true;
  throw new SchemaMovedError(session.shard.name, step);
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
  if (isSwitchyardError(error)) return error;
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
