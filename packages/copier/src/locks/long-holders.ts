import { setTimeout as sleep } from 'node:timers/promises';
import { failureNumber, isConnectionLost, transactionAgeMs } from '@switchyard/mysql/internal';
import type { CopierSession } from '../session/open-session.ts';
import { rowsOf } from '../session/queries.ts';

interface Holder {
  readonly id: number;
  readonly since: string;
}

/** Metadata locks of the table that are held by other sessions. MySQL keeps them by default. */
const HOLDERS = `SELECT t.PROCESSLIST_ID AS id, COALESCE(CONCAT(x.trx_started, ' (', x.trx_id, ')'), '?') AS since
  FROM performance_schema.metadata_locks l
  JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID
  LEFT JOIN information_schema.INNODB_TRX x ON x.trx_mysql_thread_id = t.PROCESSLIST_ID
  WHERE l.OBJECT_TYPE = 'TABLE' AND l.OBJECT_SCHEMA = DATABASE() AND l.OBJECT_NAME = ?
    AND l.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> CONNECTION_ID()
    AND (x.trx_id IS NOT NULL OR t.PROCESSLIST_TIME >= 1)`;

/** MariaDB does not say which tables a transaction holds: its NOWAIT does, so only the old count. */
const OLD_TRANSACTIONS = `SELECT trx_mysql_thread_id AS id, CAST(trx_started AS CHAR) AS since
  FROM information_schema.INNODB_TRX
  WHERE trx_mysql_thread_id <> CONNECTION_ID() AND ${transactionAgeMs('trx_started')} > 1000`;

const BETWEEN_LOOKS_MS = 40;

/**
 * Sessions that hold the table for longer than one short statement, one line each: seen in two
 * looks. Empty where the account may not look; then a short lock wait has to find out.
 */
export async function longHolders(session: CopierSession, table: string): Promise<string[]> {
  const first = await look(session, table);
  if (first.length === 0) return [];
  await sleep(BETWEEN_LOOKS_MS);
  const second = await look(session, table);
  const stayed = second.filter(({ id, since }) =>
    first.some((holder) => holder.id === id && holder.since === since),
  );
  return [
    ...new Set(stayed.map(({ id, since }) => `connection ${id}, in a transaction since ${since}`)),
  ];
}

async function look({ connection, server }: CopierSession, table: string): Promise<Holder[]> {
  try {
    return server.engine === 'mysql'
      ? await rowsOf<Holder>(connection, HOLDERS, [table])
      : await rowsOf<Holder>(connection, OLD_TRANSACTIONS);
  } catch (error) {
    // Without the right to look, or without performance_schema: the server answered with a number.
    if (failureNumber(error) === undefined || isConnectionLost(error)) throw error;
    return [];
  }
}
