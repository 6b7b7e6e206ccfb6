import type { Connection } from 'mysql2/promise';
import { SwitchyardError } from '@switchyard/shard-context/internal';
import { rowsOf } from '../session/queries.ts';

/** Another process works on the copy of this table now. */
export class CopyBusyError extends SwitchyardError {
  static override readonly code = 'COPY_BUSY';
  static override readonly retryable = true;
  constructor(table: string) {
    super({
      attempted: `work on the copy of table ${table}`,
      reason: 'another session has its lock',
      remedy: 'Wait until that run ends, or end its process',
    });
  }
}

/** A lost connection's last statement may still run: it keeps the lock until it ends. */
const WAIT_SECONDS = 30;

/** Lock names end at 64 characters, and MD5() is gone from MySQL 9. */
const NAME = "CONCAT(?, LEFT(SHA2(CONCAT(DATABASE(), '.', ?), 256), 40))";
const COPY = 'switchyard-copy:';
const RENAME = 'switchyard-rename:';

/**
 * Takes the lease of a table's copy for as long as the session lasts. Every write of a copy is made
 * in the session that has the lease: a process that was stopped and comes back writes nothing,
 * because its session and the lock ended together. A rename that another session of a dead run has
 * under way is waited for: which tables exist is known only afterwards.
 * @throws CopyBusyError
 */
export async function takeLease(session: Connection, table: string): Promise<void> {
  for (const name of [COPY, RENAME]) {
    if (!(await take(session, name, table))) throw new CopyBusyError(table);
  }
  await rowsOf(session, `SELECT RELEASE_LOCK(${NAME})`, [RENAME, table]);
}

/** Taken by the session that renames for another one, before it does. */
export async function takeRenameLease(session: Connection, table: string): Promise<void> {
  if (!(await take(session, RENAME, table))) throw new CopyBusyError(table);
}

async function take(session: Connection, name: string, table: string): Promise<boolean> {
  const [row] = await rowsOf<{ got: number | null }>(
    session,
    `SELECT GET_LOCK(${NAME}, ?) AS got`,
    [name, table, WAIT_SECONDS],
  );
  return Number(row?.got) === 1;
}
