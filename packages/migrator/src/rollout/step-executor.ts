import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CopyEvent } from '@switchyard/copier';
import type { Connection } from 'mysql2/promise';
import { isConnectionLost, isServerError, ServerError } from '@switchyard/mysql/internal';
import { noteEnded } from '../ledger/ledger.ts';
import { RolloutHaltedError } from '../ledger/ledger-errors.ts';
import type { Step } from '../plan/plan.ts';
import { isUnderWay, removeCopy, runCopy } from '../shadow-copy/run-copy.ts';
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

/** A way of carrying a step out. The rollout notes beginning and end around it. */
export interface StepExecutor {
  /** Resolves when it is carried out, to the milliseconds for which others may have waited. */
  carryOut(session: ShardSession, of: StepOfMigration, seq: number): Promise<number>;
  /**
   * True where an earlier run has left the step under way, so that `carryOut` goes on with it. Its
   * ledger row stays `started` for as long.
   */
  isUnderWay(session: ShardSession, step: Step): Promise<boolean>;
}

/** Distance of interleaved ids; the ordinal of a shard is below it (`models` does the same). */
const ID_STEP = 1024;
const DATA_SESSION = ['auto_increment_increment', 'auto_increment_offset', 'lock_wait_timeout'];
const UNDONE = [ServerError.ER_LOCK_DEADLOCK, ServerError.ER_LOCK_WAIT_TIMEOUT];
const DATA_TRIES = 5;
const DATA_PAUSE_MS = 200;
/** Paths that take no lock that someone else may have. */
const LOCK_FREE = new Set<Step['path']>(['data', 'already-there']);
const AT_ONCE = { isUnderWay: () => Promise.resolve(false) };

const STATEMENT: StepExecutor = { ...AT_ONCE, carryOut: sendLocked };
const DATA: StepExecutor = { ...AT_ONCE, carryOut: sendInTransaction };
const SHADOW_COPY: StepExecutor = {
  carryOut: copy,
  isUnderWay: (session, step) => isUnderWay(session.connection, step),
};

/** The way that the plan has chosen. */
export function executorOf(step: Step): StepExecutor {
  if (step.path === 'shadow-copy') return SHADOW_COPY;
  return isInTransaction(step) ? DATA : STATEMENT;
}

/** A data statement and its ledger row have ended together. */
export function isInTransaction({ verify }: Step): boolean {
  return verify.kind === 'transaction';
}

/** An abort removes the copy; every other end leaves it for the next run. */
async function copy(session: ShardSession, of: StepOfMigration): Promise<number> {
  const { step } = of;
  const connect = () => session.connect();
  try {
    return await runCopy(step, {
      connect,
      mayGoOn: () => session.mayGoOn(),
      lockGiveUpMs: session.policy.lockDeadlineMs,
      onEvent: (event) => tellCopy(session, of, event),
      onStep: (point) => session.pass(`copy-${point}`),
    });
  } catch (error) {
    if (error instanceof RolloutHaltedError) await removeCopy(step, { connect });
    throw error;
  }
}

function tellCopy(session: ShardSession, { step, number }: StepOfMigration, event: CopyEvent) {
  const shard = session.shard.name;
  if (event.event === 'progress') {
    const { rowsCopied, rowsExpected, rowsPerSecond, etaMs = 0 } = event;
    const done = Math.min(1, rowsCopied / Math.max(1, rowsExpected));
    const rows = { copied: rowsCopied, expected: rowsExpected };
    session.emit({ event: 'step-progress', shard, step: number, done, rowsPerSecond, etaMs, rows });
  }
  if (event.event === 'lock-waiting') {
    const { attempt, pauseMs, reason } = event;
    const table = step.table ?? '';
    session.emit({ event: 'lock-waiting', shard, table, attempt, pauseMs, blockers: [reason] });
  }
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
async function sendInTransaction(
  session: ShardSession,
  { step }: StepOfMigration,
  seq: number,
): Promise<number> {
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

/** Sets session variables. Their names come from the planner. */
export async function setVariables(
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
