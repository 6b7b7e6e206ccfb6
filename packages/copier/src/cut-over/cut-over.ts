import { setTimeout as sleep } from 'node:timers/promises';
import { lockTables, unlockTables } from '../locks/lock-tables.ts';
import { giveBack, run } from '../session/queries.ts';
import { applyChanges } from '../copying/apply-changes.ts';
import type { CopyingContext } from '../copying/copy-context.ts';
import { checkOriginal, waitForGo } from '../copying/copy-rows.ts';
import { carryAutoIncrement } from './carry-over.ts';
import { makeSentry, removeSentry, swapTables } from './swap.ts';

/** Changes that may wait when the lock is asked for: a batch of this size takes a few milliseconds. */
const SMALL_BACKLOG = 50;
/** A read of the log that is slower than this would stop the writers: an open snapshot keeps its dead rows. */
const SLOW_READ_MS = 25;
const PAUSE_MS = 1_000;

/**
 * Swaps the shadow in. All that can be done before the locks is done before; under them: the last
 * changes, AUTO_INCREMENT, the rename. Tried again where the rename did not come about. Answers for
 * how many milliseconds the table was locked.
 * @throws TableStaysLockedError, ChangeSourceLostError
 */
export async function cutOver(context: CopyingContext, incarnation: string): Promise<number> {
  const { session, options, names, state, emit } = context;
  const swap = { session, connect: options.connect, names };
  for (let attempt = 1; ; attempt++) {
    await catchUp(context);
    await carryAutoIncrement(session.connection, names);
    await state.enter(session.connection, 'cutting');
    await makeSentry(swap);
    await context.failpoints.pass('before-lock');
    const lockedMs = await swapUnderLocks(context, incarnation);
    if (lockedMs !== undefined) return lockedMs;
    await removeSentry(swap);
    const reason = 'the rename did not get its place in front of the writers';
    emit({ event: 'lock-waiting', table: names.original, attempt, pauseMs: PAUSE_MS, reason });
    await sleep(PAUSE_MS, undefined, { signal: options.signal });
  }
}

/** Applies changes until few are left, and waits while reading them is slow. */
async function catchUp(context: CopyingContext): Promise<void> {
  const { changes, session, emit, names } = context;
  for (let attempt = 1; ; attempt++) {
    await waitForGo(context);
    const applied = await applyChanges(context, { underLocks: false });
    const startedAt = performance.now();
    await changes.read(session.connection, 1);
    const slow = performance.now() - startedAt > SLOW_READ_MS;
    if (!slow && applied <= SMALL_BACKLOG) return;
    if (!slow) continue;
    const reason = 'an open transaction keeps deleted rows of the log: reading it would be slow';
    emit({ event: 'lock-waiting', table: names.original, attempt, pauseMs: PAUSE_MS, reason });
    await sleep(PAUSE_MS, undefined, { signal: context.options.signal });
  }
}

async function swapUnderLocks(
  context: CopyingContext,
  incarnation: string,
): Promise<number | undefined> {
  const { session, names, options, failpoints } = context;
  const { connection, server } = session;
  const own = [names.shadow, names.probe, names.state, ...context.logTables];
  const sentry = server.engine === 'mariadb' ? [names.old] : [];
  await lockTables(session, [names.original, ...own, ...sentry], context.lock);
  const startedAt = performance.now();
  try {
    await failpoints.pass('locked');
    await drain(context, incarnation);
    await failpoints.pass('before-rename');
    const swapped = await swapTables({ session, connect: options.connect, names });
    return swapped ? performance.now() - startedAt : undefined;
  } finally {
    await unlockTables(session);
    await giveBack(connection, 'SET autocommit = 1');
  }
}

/** The last changes, in the session that has the locks: another one could not read the tables. */
async function drain(context: CopyingContext, incarnation: string): Promise<void> {
  const { session, changes, names, failpoints } = context;
  // BEGIN would give the locks back.
  await run(session.connection, 'SET autocommit = 0');
  await checkOriginal(context, incarnation);
  await changes.reachPresent(session.connection);
  await applyChanges(context, { underLocks: true, mostBatches: Infinity });
  await failpoints.pass('drained');
  await carryAutoIncrement(session.connection, names);
}
