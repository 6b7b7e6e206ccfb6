import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import type { Freeze } from '@switchyard/shard-context';
import { isServerError, ServerError } from '@switchyard/mysql/internal';
import type { Connection } from 'mysql2/promise';
import { takeNumber } from '../fence/change-row.ts';
import { MAY_WRITE } from '../fence/fence-condition.ts';
import { TenantBusyError, type LockHolder } from '../fence/fence-errors.ts';
import type { LockHolders } from './lock-holders.ts';
import { freezeTenant } from './mover-steps.ts';

/**
 * Longest that a freeze stands in the queue for the row. A waiting exclusive lock makes every new
 * shared one wait behind it, so this bounds what others wait for it.
 */
const LOCK_WAIT_MS = 1_000;
/** A transaction open for longer will probably not end within a lock wait: it is waited out. */
const LONG_MS = 2_000;
/** How often a wait looks for the holders of the lock. */
const LOOK_MS = 100;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

const NOT_GOT = [
  ServerError.ER_LOCK_NOWAIT,
  ServerError.ER_LOCK_WAIT_TIMEOUT,
  ServerError.ER_LOCK_DEADLOCK,
  ServerError.ER_QUERY_INTERRUPTED,
];

/** A connection that may wait for the row, another one that watches, and who to look for. */
export interface FreezeTools {
  readonly waiting: Connection;
  readonly watching: Connection;
  readonly holders: LockHolders;
}

const LOCK_ROW = `SELECT 1 FROM shard_tenant WHERE ${MAY_WRITE} FOR UPDATE`;

/**
 * Locks the tenant's row against its open transactions and freezes it. Tries without waiting, looks
 * who holds the row, and stands in the queue only where those may soon be gone. Nothing is changed
 * where the row is not `active` at `fromEpoch`: the caller reads and decides.
 * @throws TenantBusyError
 */
export async function freezeRow(
  tools: FreezeTools,
  freeze: Freeze,
  deadlineMs: number,
): Promise<void> {
  const endsAt = performance.now() + deadlineMs;
  let pauseMs = FIRST_PAUSE_MS;
  let seen: readonly LockHolder[] = [];
  await tools.waiting.query('SET SESSION innodb_lock_wait_timeout = 1');
  // No gap locks: a neighbour's admission has nothing to do with this.
  await tools.waiting.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
  for (;;) {
    if (await tryFreeze(tools, freeze, 'NOWAIT')) return;
    // Whoever was seen to be long is waited out without standing in the queue again.
    const held = await tools.holders.held(threadOf(tools.waiting));
    seen = held ?? (await tools.holders.stillOpen(seen.filter(isLong)));
    if (!hasLong(seen)) {
      const blocking = await freezeWaiting(tools, freeze);
      if (blocking === 'frozen') return;
      seen = blocking;
    }
    const left = endsAt - performance.now();
    if (left <= 0) throw new TenantBusyError({ ...freeze, deadlineMs, holders: seen.slice(0, 3) });
    // Others pass while we pause: never shorter than the wait that we imposed on them.
    await pause(Math.min(left, pauseMs));
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}

/** Stands in the queue, for a second at most, and leaves it when a long transaction is in front. */
async function freezeWaiting(
  tools: FreezeTools,
  freeze: Freeze,
): Promise<'frozen' | readonly LockHolder[]> {
  const thread = threadOf(tools.waiting);
  const since = performance.now();
  let settled = false;
  let seen: readonly LockHolder[] = [];
  const freezing = tryFreeze(tools, freeze, '').finally(() => (settled = true));
  freezing.catch(() => undefined); // awaited below
  while (!settled) {
    await Promise.race([freezing.catch(() => undefined), pause(LOOK_MS)]);
    if (settled) break;
    seen = (await tools.holders.blocking(thread)) ?? seen;
    const over = performance.now() - since >= LOCK_WAIT_MS - LOOK_MS;
    // InnoDB looks at its own timeout once a second, which may double it.
    if (over || hasLong(seen)) await tools.watching.query(`KILL QUERY ${thread}`);
  }
  return (await freezing) ? 'frozen' : seen;
}

/** False where the row was held; the transaction is then rolled back. */
async function tryFreeze(
  { waiting }: FreezeTools,
  freeze: Freeze,
  nowait: 'NOWAIT' | '',
): Promise<boolean> {
  try {
    await waiting.query('START TRANSACTION');
    await waiting.query(`${LOCK_ROW} ${nowait}`, [freeze.tenant, freeze.fromEpoch]);
    if (await freezeTenant(waiting, freeze)) await takeNumber(waiting, freeze);
    await waiting.query('COMMIT');
    return true;
  } catch (error) {
    if (!isServerError(error, ...NOT_GOT)) throw error;
    await waiting.query('ROLLBACK').catch((failure: unknown) => {
      // A late KILL may meet the ROLLBACK; the next START TRANSACTION rolls back as well.
      if (!isServerError(failure, ServerError.ER_QUERY_INTERRUPTED)) throw failure;
    });
    return false;
  }
}

function hasLong(holders: readonly LockHolder[]): boolean {
  return holders.some(isLong);
}

function isLong({ ageMs }: LockHolder): boolean {
  return ageMs > LONG_MS;
}

function threadOf(connection: Connection): number {
  return connection.threadId;
}
