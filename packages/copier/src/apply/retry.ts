import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { isServerError, ServerError } from '@switchyard/mysql/internal';
import { run } from '../session/queries.ts';
import type { Permission } from './permission.ts';

const TRIES = 30;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/** How a transaction is begun, and what happens when others are in its way. */
export interface TransactionOptions {
  readonly permission: Permission;
  /** False under LOCK TABLES: BEGIN would give the locks back. */
  readonly begins: boolean;
  /** A dead-lock or a lock wait made it roll back; it is tried again. */
  readonly onRefused?: (() => void) | undefined;
}

/**
 * Runs `work` in a transaction, permission first. Rolled back and tried again after a dead-lock or
 * a lock wait, with growing pauses; every other failure is thrown, rolled back.
 */
export async function inTransaction<T>(
  session: Connection,
  options: TransactionOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (options.begins) await run(session, 'START TRANSACTION');
      await options.permission.ask(session);
      const result = await work();
      await run(session, 'COMMIT');
      return result;
    } catch (error) {
      await rollBack(session);
      if (!isContention(error) || attempt === TRIES) throw error;
      options.onRefused?.();
      await sleep(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt));
    }
  }
}

function isContention(error: unknown): boolean {
  const { ER_LOCK_DEADLOCK, ER_LOCK_WAIT_TIMEOUT } = ServerError;
  return isServerError(error, ER_LOCK_DEADLOCK, ER_LOCK_WAIT_TIMEOUT);
}

/** A connection that is gone has rolled back by itself; the failure that is thrown says so. */
async function rollBack(session: Connection): Promise<void> {
  await run(session, 'ROLLBACK').catch(() => undefined);
}
