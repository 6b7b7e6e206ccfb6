import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { ServerFacts } from '../server/server-facts.ts';

/** How large a table is by the server's own estimate. */
export interface TableSize {
  readonly rows: number;
  readonly bytes: number;
}

const NOTHING: TableSize = { rows: 0, bytes: 0 };

/** Sizes of the named tables; tables that do not exist have none. */
export async function tableSizes(
  connection: Connection,
  facts: ServerFacts,
  tables: readonly string[],
): Promise<ReadonlyMap<string, TableSize>> {
  if (tables.length === 0) return new Map();
  // MySQL answers from a copy that is up to a day old unless it is told not to.
  if (facts.engine === 'mysql')
    await connection.query('SET SESSION information_schema_stats_expiry = 0');
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT TABLE_NAME AS name, TABLE_ROWS AS \`rows\`, DATA_LENGTH + INDEX_LENGTH AS bytes
       FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME IN (?)`,
    [tables],
  );
  const found = rows as { name: string; rows: unknown; bytes: unknown }[];
  return new Map(
    found.map(({ name, rows: count, bytes }) => [
      name,
      { rows: Number(count ?? 0), bytes: Number(bytes ?? 0) },
    ]),
  );
}

/** The size of one of them. */
export function sizeOf(
  sizes: ReadonlyMap<string, TableSize>,
  table: string | undefined,
): TableSize {
  return sizes.get(table ?? '') ?? NOTHING;
}
