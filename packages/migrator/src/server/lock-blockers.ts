import { failureNumber, transactionAgeMs } from '@switchyard/mysql/internal';
import type { Connection } from 'mysql2/promise';
import { rowsOf } from './connection.ts';
import { statementShape } from './without-values.ts';

/** A connection that has the table locked, or may have. */
export interface LockBlocker {
  /** Connection id on the server. */
  readonly id: number;
  readonly user: string;
  readonly ageMs: number;
  /**
   * `holder`: has the table locked. `transaction`: is open in this database, and the server does not
   * show on which tables. `session`: is merely there.
   */
  readonly evidence: 'holder' | 'transaction' | 'session';
  /** Who, since when, doing what: one line without values. */
  readonly description: string;
}

interface Row {
  readonly id: number;
  readonly user: string | null;
  readonly host: string | null;
  readonly ageMs: number | string | null;
  readonly statement: string | null;
}

const AGE = transactionAgeMs('x.trx_started');

/** MySQL shows who holds the metadata lock of the table. */
const HOLDERS = `SELECT DISTINCT t.PROCESSLIST_ID AS id, t.PROCESSLIST_USER AS user,
    t.PROCESSLIST_HOST AS host, COALESCE(${AGE}, t.PROCESSLIST_TIME * 1000) AS ageMs,
    (SELECT s.SQL_TEXT FROM performance_schema.events_statements_current s
      WHERE s.THREAD_ID = t.THREAD_ID ORDER BY s.EVENT_ID DESC LIMIT 1) AS statement
  FROM performance_schema.metadata_locks l
  JOIN performance_schema.threads t ON t.THREAD_ID = l.OWNER_THREAD_ID
  LEFT JOIN information_schema.innodb_trx x ON x.trx_mysql_thread_id = t.PROCESSLIST_ID
  WHERE l.OBJECT_TYPE = 'TABLE' AND l.OBJECT_SCHEMA = DATABASE() AND l.OBJECT_NAME = ?
    AND l.LOCK_STATUS = 'GRANTED' AND t.PROCESSLIST_ID <> CONNECTION_ID()`;

/** MariaDB has performance_schema off: every open transaction on this database is a candidate. */
const CANDIDATES = `SELECT p.ID AS id, p.USER AS user, p.HOST AS host, ${AGE} AS ageMs,
    COALESCE(x.trx_query, p.INFO) AS statement
  FROM information_schema.INNODB_TRX x
  JOIN information_schema.PROCESSLIST p ON p.ID = x.trx_mysql_thread_id
  WHERE p.ID <> CONNECTION_ID() AND (p.DB = DATABASE() OR p.DB IS NULL)`;

/** Sessions that are in the database without a transaction: LOCK TABLES leaves no other trace. */
const SESSIONS = `SELECT p.ID AS id, p.USER AS user, p.HOST AS host, p.TIME * 1000 AS ageMs,
    p.INFO AS statement
  FROM information_schema.PROCESSLIST p
  WHERE p.ID <> CONNECTION_ID() AND p.DB = DATABASE()
    AND COALESCE(p.STATE, '') NOT LIKE 'Waiting for table%'`;

/** How many blockers a message has room for. */
const SHOWN = 5;

/**
 * Who stands in the way of a lock on the table, oldest first; empty where no one does, or where the
 * account may not see it. On MariaDB, and for a view, trigger or routine, whose tables are not known
 * (`table` is empty), these are candidates, and the description says so.
 */
export async function findLockBlockers(
  connection: Connection,
  engine: 'mysql' | 'mariadb',
  table: string,
  afterTimeout = false,
): Promise<LockBlocker[]> {
  if (engine === 'mysql' && table !== '') {
    const holders = await look(connection, HOLDERS, [table]);
    if (holders !== undefined) return described(holders, 'holder');
  }
  const candidates = await look(connection, CANDIDATES);
  // Without PROCESS the server shows the account's own sessions only: those of the migrator.
  if (candidates === undefined) return [];
  if (candidates.length > 0 || !afterTimeout) return described(candidates, 'transaction');
  return described((await look(connection, SESSIONS)) ?? [], 'session');
}

/** Undefined where the account may not look. */
async function look(
  connection: Connection,
  sql: string,
  values: unknown[] = [],
): Promise<Row[] | undefined> {
  try {
    return await rowsOf<Row>(connection, sql, values);
  } catch (error) {
    if (failureNumber(error) === undefined) throw error; // the connection
    return undefined;
  }
}

function described(rows: readonly Row[], evidence: LockBlocker['evidence']): LockBlocker[] {
  return rows
    .map((row) => ({
      id: row.id,
      user: row.user ?? '',
      ageMs: Number(row.ageMs ?? 0),
      evidence,
      description: describe(row, evidence === 'holder' ? 'holds it' : 'may hold it'),
    }))
    .sort((a, b) => b.ageMs - a.ageMs)
    .slice(0, SHOWN);
}

function describe(row: Row, claim: string): string {
  const age = (Number(row.ageMs ?? 0) / 1000).toFixed(1);
  const doing = row.statement === null ? 'idle' : statementShape(row.statement);
  const host = (row.host ?? '').replace(/:\d+$/, '');
  return `connection ${row.id} (${row.user ?? '?'}@${host}, open for ${age} s, ${doing}) ${claim}`;
}
