import type { Connection } from 'mysql2/promise';
import { TableNotCopyableError } from '../session/copier-errors.ts';
import { rowsOf } from '../session/queries.ts';
import type { CopyNames } from '../table/copy-names.ts';

const POINTING_HERE = `SELECT DISTINCT TABLE_NAME AS name FROM information_schema.KEY_COLUMN_USAGE
  WHERE REFERENCED_TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_NAME = ?`;
const POINTING_AWAY = `SELECT DISTINCT CONSTRAINT_NAME AS name FROM information_schema.KEY_COLUMN_USAGE
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND REFERENCED_TABLE_NAME IS NOT NULL`;
const TRIGGERS = `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS
  WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE = ?`;
const IN_THE_WAY = `SELECT TABLE_NAME AS name FROM information_schema.TABLES
  WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?, ?, ?)`;

/**
 * Refuses a table that has something a swap would not carry over, before anything is made.
 * @throws TableNotCopyableError
 */
export async function refuseUncarried(session: Connection, names: CopyNames): Promise<void> {
  const table = names.original;
  const refuse = async (sql: string, values: string[], why: (name: string) => [string, string]) => {
    const [found] = await rowsOf<{ name: string }>(session, sql, values);
    if (found !== undefined) throw new TableNotCopyableError(table, ...why(found.name));
  };
  await refuse(POINTING_HERE, [table], (name) => [
    `a foreign key of table ${name} points at it, and would point at the old table after the swap`,
    'Drop that foreign key first and add it again afterwards, or change the table in place',
  ]);
  await refuse(POINTING_AWAY, [table], (name) => [
    `it has the foreign key ${name}`,
    'Drop the foreign key first and add it again afterwards, or change the table in place',
  ]);
  await refuse(TRIGGERS, [table], (name) => [
    `it has the trigger ${name}`,
    'Drop the trigger first and create it again afterwards, or change the table in place',
  ]);
  await refuse(IN_THE_WAY, [names.shadow, names.old, names.probe], (name) => [
    `the name ${name} is taken by a table that no copy under way has made`,
    'Rename or drop that table first',
  ]);
}
