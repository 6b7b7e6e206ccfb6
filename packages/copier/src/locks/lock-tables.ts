import { setTimeout as sleep } from 'node:timers/promises';
import { escapeIdentifier, isServerError, ServerError } from '@switchyard/mysql/internal';
import type { CopierSession } from '../session/open-session.ts';
import { giveBack, run } from '../session/queries.ts';
import { longHolders } from './long-holders.ts';
import { TableStaysLockedError } from './lock-errors.ts';

/** How a table lock is asked for. All durations in milliseconds. */
export interface LockOptions {
  /** Told of each attempt that found others in the way. */
  readonly onWait?: ((wait: LockWait) => void) | undefined;
  /** How long to go on trying. Default 10 minutes. */
  readonly giveUpMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Why a lock was not had, and the pause until the next attempt. */
interface LockWait {
  readonly attempt: number;
  readonly pauseMs: number;
  readonly reason: string;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;
const DEFAULT_GIVE_UP_MS = 600_000;
/** MariaDB can ask without queueing; between two writes of a busy table there is room. */
const TRIES_WITHOUT_QUEUE = 40;
const BETWEEN_TRIES_MS = 3;

/**
 * Locks tables for writing in the session. Looks for transactions that hold the table first: while
 * a lock waits, every later statement of the application waits behind it. Then asks for a second
 * at most, and tries again after growing pauses.
 * @throws TableStaysLockedError
 */
export async function lockTables(
  session: CopierSession,
  tables: readonly string[],
  options: LockOptions = {},
): Promise<void> {
  const giveUpAt = performance.now() + (options.giveUpMs ?? DEFAULT_GIVE_UP_MS);
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    const reason = await inTheWay(session, tables);
    if (reason === undefined) return;
    if (performance.now() > giveUpAt) throw new TableStaysLockedError(tables[0]!, reason);
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10));
    options.onWait?.({ attempt, pauseMs, reason });
    await sleep(pauseMs, undefined, { signal: options.signal });
  }
}

/** Locks, or says who is in the way. */
async function inTheWay(
  session: CopierSession,
  tables: readonly string[],
): Promise<string | undefined> {
  const list = tables.map((name) => `${escapeIdentifier(name)} WRITE`).join(', ');
  if (session.server.engine === 'mariadb' && (await lockedWithoutQueue(session, list))) {
    return undefined;
  }
  const holders = await longHolders(session, tables[0]!);
  if (holders.length > 0) return holders.join('; ');
  await run(session.connection, 'SET lock_wait_timeout = 1');
  const locked = await isLocked(session, `LOCK TABLES ${list}`);
  await run(session.connection, 'SET lock_wait_timeout = 2');
  return locked ? undefined : 'another session uses the table';
}

async function lockedWithoutQueue(session: CopierSession, list: string): Promise<boolean> {
  for (let i = 0; i < TRIES_WITHOUT_QUEUE; i++) {
    if (await isLocked(session, `LOCK TABLES ${list} NOWAIT`)) return true;
    await sleep(BETWEEN_TRIES_MS);
  }
  return false;
}

async function isLocked({ connection }: CopierSession, sql: string): Promise<boolean> {
  try {
    await run(connection, sql);
    return true;
  } catch (error) {
    const { ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK } = ServerError;
    if (isServerError(error, ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK)) return false;
    throw error;
  }
}

/** Gives the session's table locks back. */
export async function unlockTables({ connection }: CopierSession): Promise<void> {
  await giveBack(connection, 'UNLOCK TABLES');
}
