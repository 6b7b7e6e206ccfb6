import type { Connection } from 'mysql2/promise';
import { rowsOf } from '../server/connection.ts';

/** An AUTO_INCREMENT column that is too narrow for interleaved ids. */
export interface NarrowId {
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

/** Interleaved ids grow by 1,024 a row: an INT is used up after four million rows. */
export async function narrowIds(
  connection: Connection,
  tables: readonly string[],
): Promise<NarrowId[]> {
  const rows = await rowsOf<NarrowId>(
    connection,
    `SELECT TABLE_NAME AS \`table\`, COLUMN_NAME AS \`column\`, COLUMN_TYPE AS type
     FROM information_schema.COLUMNS
     WHERE TABLE_SCHEMA = DATABASE() AND EXTRA LIKE '%auto_increment%' AND DATA_TYPE <> 'bigint'
     ORDER BY TABLE_NAME`,
  );
  return rows.filter(({ table }) => tables.includes(table));
}
