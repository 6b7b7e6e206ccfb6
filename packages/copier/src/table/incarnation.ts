import type { Connection } from 'mysql2/promise';
import { isServerError, ServerError } from '@switchyard/mysql/internal';
import { rowsOf } from '../session/queries.ts';

const CREATED = `SELECT CAST(UNIX_TIMESTAMP(CREATE_TIME) AS CHAR) AS created
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`;

const IDS = (view: string) => `SELECT CAST(TABLE_ID AS CHAR) AS id FROM information_schema.${view}
  WHERE NAME = ? OR LEFT(NAME, CHAR_LENGTH(?)) = ? ORDER BY NAME`;

/**
 * What changes when a table is emptied by TRUNCATE, made again, rebuilt, or when a partition is
 * emptied, dropped or exchanged: InnoDB's numbers of the table and its partitions, and the time of
 * its creation. Without the right PROCESS the numbers are not shown, and the time must do.
 */
export async function readIncarnation(session: Connection, table: string): Promise<string> {
  const [row] = await rowsOf<{ created: string | null }>(session, CREATED, [table]);
  return `${row?.created ?? 'gone'} ${await innodbIds(session, table)}`;
}

async function innodbIds(session: Connection, table: string): Promise<string> {
  const [names] = await rowsOf<{ db: string; mysql: number }>(
    session,
    "SELECT DATABASE() AS db, VERSION() NOT LIKE '%MariaDB%' AS mysql",
  );
  const name = `${fileName(names!.db)}/${fileName(table)}`;
  const view = names!.mysql ? 'INNODB_TABLES' : 'INNODB_SYS_TABLES';
  try {
    const values = [name, `${name}#p#`, `${name}#p#`];
    return (await rowsOf<{ id: string }>(session, IDS(view), values)).map(({ id }) => id).join();
  } catch (error) {
    if (isServerError(error, ServerError.ER_SPECIFIC_ACCESS_DENIED_ERROR)) return '';
    throw error;
  }
}

/** InnoDB lists tables by their file names, which write other characters as @0024. */
function fileName(name: string): string {
  return name.replace(
    /[^A-Za-z0-9_]/g,
    (character) => `@${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
