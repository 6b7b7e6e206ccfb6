import { setTimeout as sleep } from 'node:timers/promises';
import { escapeIdentifier, isServerError, ServerError } from '@switchyard/mysql/internal';
import { takeRenameLease } from '../locks/lease.ts';
import type { Connect, CopierSession } from '../session/open-session.ts';
import { openSession } from '../session/open-session.ts';
import { rowsOf, run } from '../session/queries.ts';
import type { CopyNames } from '../table/copy-names.ts';
import { SENTRY_COMMENT } from './which-tables.ts';

/** What a swap works with. The session holds the write locks of all the copy's tables. */
export interface SwapOptions {
  readonly session: CopierSession;
  readonly connect: Connect;
  readonly names: CopyNames;
}

const MOST_LOOKS = 200;
const BETWEEN_LOOKS_MS = 2;

/** The one rename that swaps the tables: atomic for every reader and writer. */
function rename({ original, shadow, old }: CopyNames): string {
  const [now, next, then] = [original, shadow, old].map(escapeIdentifier);
  return `RENAME TABLE ${now} TO ${then}, ${next} TO ${now}`;
}

/** Before the locks: MariaDB needs a table by the name that the original will get. */
export async function makeSentry({ session, names }: SwapOptions): Promise<void> {
  if (session.server.engine !== 'mariadb') return;
  await run(
    session.connection,
    `CREATE TABLE IF NOT EXISTS ${escapeIdentifier(names.old)} (sentry INT) ENGINE = InnoDB
     COMMENT = '${SENTRY_COMMENT}'`,
  );
}

/** Removes the sentry of a swap that did not happen, and only that. */
export async function removeSentry({ session, names }: SwapOptions): Promise<void> {
  const rows = await rowsOf(
    session.connection,
    `SELECT 1 FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND TABLE_COMMENT = ?`,
    [names.old, SENTRY_COMMENT],
  );
  if (rows.length === 0) return;
  await run(session.connection, `DROP TABLE ${escapeIdentifier(names.old)}`);
}

/**
 * Swaps the tables and gives the locks back. Answers false where it did not come about: then the
 * locks are given back too, and the original is as it was. MySQL renames under its own locks.
 * MariaDB refuses that (1192), so another session's RENAME waits in front of the application's
 * statements while this one still holds the locks: it cannot run before the sentry is dropped, so a
 * death of this session before that point changes nothing.
 */
export async function swapTables(options: SwapOptions): Promise<boolean> {
  const { session, names } = options;
  if (session.server.engine === 'mysql') {
    await run(session.connection, rename(names));
    await run(session.connection, 'UNLOCK TABLES');
    return true;
  }
  const renamer = await openSession(options.connect);
  try {
    await takeRenameLease(renamer.connection, names.original);
    await run(renamer.connection, 'SET lock_wait_timeout = 5');
    const renamed = run(renamer.connection, rename(names)).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (await waitsForLock(session, renamer)) {
      await run(session.connection, `DROP TABLE ${escapeIdentifier(names.old)}`);
    }
    await run(session.connection, 'UNLOCK TABLES');
    return isDone(await renamed);
  } finally {
    renamer.connection.destroy();
  }
}

function isDone(failure: unknown): boolean {
  if (failure === undefined) return true;
  const { ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, ER_TABLE_EXISTS_ERROR } = ServerError;
  const refused = [ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK, ER_TABLE_EXISTS_ERROR];
  if (isServerError(failure, ...refused)) return false;
  throw failure;
}

/** Looks until the rename is seen to wait; only then nothing of the application comes before it. */
async function waitsForLock(session: CopierSession, renamer: CopierSession): Promise<boolean> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const [row] = await rowsOf<{ state: string | null }>(
      session.connection,
      'SELECT STATE AS state FROM information_schema.PROCESSLIST WHERE ID = ?',
      [renamer.connection.threadId],
    );
    if (/metadata lock/i.test(row?.state ?? '')) return true;
    await sleep(BETWEEN_LOOKS_MS);
  }
  return false;
}
