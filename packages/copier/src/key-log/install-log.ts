import type { Connection } from 'mysql2/promise';
import { escapeIdentifier, isServerError, ServerError } from '@switchyard/mysql/internal';
import { lockTables, unlockTables, type LockOptions } from '../locks/lock-tables.ts';
import type { Failpoints } from '../progress/failpoints.ts';
import { ChangeSourceUnusableError } from '../session/copier-errors.ts';
import type { CopierSession } from '../session/open-session.ts';
import { rowsOf, run } from '../session/queries.ts';
import { createLog, type LogNames } from './log-table.ts';
import { logTriggers } from './triggers.ts';
import type { WatchedTable } from './watched-table.ts';

/** How a key log is installed and removed. */
export interface InstallOptions {
  readonly server: CopierSession['server'];
  readonly failpoints: Failpoints;
  readonly lock?: LockOptions | undefined;
  /**
   * The account whose rights the triggers use, as SQL: `'copier'@'%'`. Default: the session's own.
   * It must last as long as the triggers: where it is dropped, every write of the application fails
   * with 1449.
   */
  readonly definer?: string | undefined;
}

interface Watch {
  readonly watched: WatchedTable;
  readonly names: LogNames;
}

/** MySQL: SUPER is needed because the binary log is on and the setting is off. */
const BINLOG_CREATE_ROUTINE_NEED_SUPER = 1419;

/**
 * Makes log and triggers, where they are not there yet. The triggers come under table locks of both
 * tables: without, prepared statements of an application on MariaDB fail with 1146 meanwhile.
 * @throws ChangeSourceUnusableError, TableStaysLockedError
 */
export async function installLog(
  connection: Connection,
  { watched, names }: Watch,
  options: InstallOptions,
): Promise<void> {
  await refuseStatementFormat(connection, watched.name);
  await run(connection, createLog(watched, names));
  await options.failpoints.pass('log-made');
  const there = await existingTriggers(connection, names);
  const missing = logTriggers(watched, names, options.definer).filter(
    ({ name }) => !there.has(name),
  );
  if (missing.length === 0) return;
  const session = { connection, server: options.server };
  await lockTables(session, [watched.name, names.log], options.lock);
  try {
    await options.failpoints.pass('before-triggers');
    for (const { sql } of missing) {
      await run(connection, sql);
      await options.failpoints.pass('trigger-made');
    }
  } catch (cause) {
    throw explained(watched.name, cause);
  } finally {
    await unlockTables(session);
  }
}

/** Removes triggers, then the log. Does no harm where they are gone, wholly or in part. */
export async function removeLog(
  connection: Connection,
  names: LogNames,
  options: InstallOptions,
): Promise<void> {
  const there = await existingTriggers(connection, names);
  if (there.size > 0) {
    const session = { connection, server: options.server };
    // After a swap the triggers hang on the table that the original has become.
    const [table] = new Set(there.values());
    const logged = await tableExists(connection, names.log);
    await lockTables(session, logged ? [table!, names.log] : [table!], options.lock);
    try {
      for (const name of there.keys()) {
        await run(connection, `DROP TRIGGER IF EXISTS ${escapeIdentifier(name)}`);
      }
    } finally {
      await unlockTables(session);
    }
  }
  await options.failpoints.pass('triggers-dropped');
  await run(connection, `DROP TABLE IF EXISTS ${escapeIdentifier(names.log)}`);
  await options.failpoints.pass('log-dropped');
}

/** True where all triggers of the log hang on the table. */
export async function triggersInPlace(
  connection: Connection,
  watched: WatchedTable,
  names: LogNames,
): Promise<boolean> {
  const there = await existingTriggers(connection, names);
  const wanted = logTriggers(watched, names, undefined);
  return wanted.every(({ name }) => there.get(name) === watched.name);
}

/** Our triggers that exist, and the table of each. */
async function existingTriggers(
  connection: Connection,
  { triggers }: LogNames,
): Promise<Map<string, string>> {
  const rows = await rowsOf<{ name: string; tableName: string }>(
    connection,
    `SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS tableName FROM information_schema.TRIGGERS
     WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME IN (?, ?, ?)`,
    triggers,
  );
  return new Map(rows.map(({ name, tableName }) => [name, tableName]));
}

async function tableExists(connection: Connection, table: string): Promise<boolean> {
  const rows = await rowsOf(
    connection,
    `SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
    [table],
  );
  return rows.length > 0;
}

/**
 * A replica runs the statements of a STATEMENT log again: triggers fire twice, in another order.
 * @throws ChangeSourceUnusableError
 */
export async function refuseStatementFormat(connection: Connection, table: string): Promise<void> {
  const [row] = await rowsOf<{ log: number; format: string }>(
    connection,
    'SELECT @@GLOBAL.log_bin AS log, @@GLOBAL.binlog_format AS format',
  );
  if (row!.log !== 1 || row!.format !== 'STATEMENT') return;
  throw new ChangeSourceUnusableError(table, {
    reason: 'binlog_format is STATEMENT',
    remedy: 'Set binlog_format to ROW or MIXED',
  });
}

function explained(table: string, cause: unknown): unknown {
  const { ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR } = ServerError;
  if (isServerError(cause, BINLOG_CREATE_ROUTINE_NEED_SUPER)) {
    const reason =
      'the account has not the right SUPER, and log_bin_trust_function_creators is off';
    const remedy =
      'Set log_bin_trust_function_creators = 1, or use the binary log as change source';
    return new ChangeSourceUnusableError(table, { reason, remedy }, cause);
  }
  if (isServerError(cause, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR)) {
    const reason = 'the account may not create triggers on it';
    return new ChangeSourceUnusableError(table, { reason, remedy: 'Grant it TRIGGER' }, cause);
  }
  return cause;
}
