import { performance } from 'node:perf_hooks';
import { isServerError, ServerError } from '@switchyard/mysql/internal';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Step } from '../plan/plan.ts';
import { findLockBlockers, type LockBlocker } from '../server/lock-blockers.ts';
import { TableLockedError } from './rollout-errors.ts';
import type { ShardSession } from './shard-session.ts';

/** A transaction of that age is not one of the application's short ones: wait for it first. */
const LONG_MS = 500;
const LOOK_EVERY_MS = 100;
/** How long to look on before trying anyway: the blockers may be none. */
const LOOK_FOR_MS = 3000;
/** Builds lock again at their end, and a new table only locks the parents of its foreign keys. */
const ASKS_ONCE = new Set<Step['path']>(['inplace', 'rebuild', 'copy', 'create']);
/** Tries without any queueing, where the server offers them. */
const FREE_TRIES = 6;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 10_000;

/**
 * Sends a statement that needs a metadata lock so that others wait as little as can be: look first
 * and let long transactions end, then ask with a short time-out, then pause, longer each time. While
 * such a request waits, every new query on the table waits behind it; the time-out bounds that.
 * Returns the milliseconds for which others may have waited behind failed requests.
 * @throws TableLockedError naming who stands in the way
 */
export async function withTableLock(
  session: ShardSession,
  step: Step,
  send: () => Promise<void>,
): Promise<number> {
  const deadline = performance.now() + session.policy.lockDeadlineMs;
  let stallMs = 0;
  for (let attempt = 1; ; attempt++) {
    const waitSeconds = lockWait(session, step, attempt);
    if (waitSeconds > 0) await letLongTransactionsEnd(session, step, deadline); // 0 queues no one
    await session.connection.query(`SET SESSION lock_wait_timeout = ${waitSeconds}`);
    const asked = performance.now();
    try {
      await send();
      return stallMs;
    } catch (error) {
      if (!isServerError(error, ServerError.ER_LOCK_WAIT_TIMEOUT)) throw error;
      if (waitSeconds > 0) stallMs += Math.min(performance.now() - asked, waitSeconds * 1000);
      await pause(session, step, attempt, deadline, error);
    }
  }
}

/**
 * MariaDB takes 0 and fails at once, without queueing. Not for builds: their second lock comes at
 * the end, and a failure then throws the whole build away.
 */
function lockWait(session: ShardSession, step: Step, attempt: number): number {
  const longest = session.policy.lockWaitSeconds;
  if (ASKS_ONCE.has(step.path)) return longest;
  const free = session.shard.server.engine === 'mariadb' ? FREE_TRIES : 0;
  return attempt <= free ? 0 : Math.min(longest, attempt - free);
}

async function letLongTransactionsEnd(
  session: ShardSession,
  step: Step,
  deadline: number,
): Promise<void> {
  if (step.path === 'create') return; // no one can use it yet
  const until = Math.min(deadline, performance.now() + LOOK_FOR_MS);
  for (;;) {
    const blockers = await blockersOf(session, step);
    const long = blockers.filter(({ ageMs }) => ageMs >= LONG_MS);
    if (long.length === 0 || performance.now() >= until) return;
    await killAllowed(
      session,
      long.filter(({ evidence }) => evidence === 'holder'),
    );
    await sleep(LOOK_EVERY_MS);
  }
}

async function pause(
  session: ShardSession,
  step: Step,
  attempt: number,
  deadline: number,
  cause: unknown,
): Promise<void> {
  const blockers = await blockersOf(session, step, true);
  const lines = blockers.map(({ description }) => description);
  const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
  if (performance.now() + pauseMs > deadline) {
    throw new TableLockedError(session.shard.name, step, lines, cause);
  }
  await killAllowed(
    session,
    blockers.filter(({ evidence }) => evidence !== 'session'),
  );
  session.emit({
    event: 'lock-waiting',
    shard: session.shard.name,
    table: step.table ?? '',
    attempt,
    pauseMs,
    blockers: lines,
  });
  await sleep(pauseMs);
  await session.mayGoOn();
}

function blockersOf(session: ShardSession, step: Step, afterTimeout = false) {
  const { engine } = session.shard.server;
  return findLockBlockers(session.connection, engine, step.table ?? '', afterTimeout);
}

/**
 * Cuts off the transactions that the policy names, and only those. Mere candidates come into question
 * when a try has failed: before it, no one knows that anything is in the way.
 */
async function killAllowed(session: ShardSession, blockers: readonly LockBlocker[]): Promise<void> {
  for (const blocker of blockers) {
    const allowed = session.policy.kill.some(
      ({ user, olderThanMs }) =>
        (user === undefined || user === blocker.user) && blocker.ageMs >= olderThanMs,
    );
    if (!allowed) continue;
    await session.connection.query(`KILL CONNECTION ${Number(blocker.id)}`).catch(() => undefined);
    session.emit({
      event: 'blocker-killed',
      shard: session.shard.name,
      blocker: blocker.description,
    });
  }
}
