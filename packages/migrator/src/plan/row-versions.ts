import type { Connection, RowDataPacket } from 'mysql2/promise';
import { rowVersionLimit } from '../ladder/rungs.ts';
import { errorNumber } from '../recording/server-answer.ts';
import { isAtLeast, type ServerFacts } from '../recording/server-facts.ts';
import type { Draft } from './draft.ts';

/**
 * Tables on which the instant steps of `drafts` would pass the server's limit of row versions. An
 * empty twin does not carry that number; at the limit the server refuses INSTANT (4092).
 */
export async function tablesWithoutVersions(
  connection: Connection,
  facts: ServerFacts,
  drafts: readonly Draft[],
): Promise<ReadonlySet<string>> {
  const limit = rowVersionLimit(facts);
  const needed = neededVersions(drafts);
  if (limit === undefined || needed.size === 0 || !isAtLeast(facts, 8, 0, 29)) return new Set();
  const used = await usedVersions(connection, facts.database, [...needed.keys()]);
  const over = [...needed].filter(([table, count]) => (used.get(table) ?? 0) + count > limit);
  return new Set(over.map(([table]) => table));
}

function neededVersions(drafts: readonly Draft[]): Map<string, number> {
  const needed = new Map<string, number>();
  for (const { table, rowVersions, madeHere } of drafts.flatMap((draft) => draft.steps)) {
    if (table === undefined || rowVersions === 0 || madeHere) continue;
    needed.set(table, (needed.get(table) ?? 0) + rowVersions);
  }
  return needed;
}

/** Without the PROCESS privilege nothing is known, and the server refuses by itself. */
async function usedVersions(
  connection: Connection,
  database: string,
  tables: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const byName = new Map(
    tables.map((table) => [`${fileName(database)}/${fileName(table)}`, table]),
  );
  try {
    const [rows] = await connection.query<RowDataPacket[]>(
      `SELECT SUBSTRING_INDEX(NAME, '#', 1) AS name, MAX(TOTAL_ROW_VERSIONS) AS used
         FROM information_schema.INNODB_TABLES
        WHERE SUBSTRING_INDEX(NAME, '#', 1) IN (?) GROUP BY 1`,
      [[...byName.keys()]],
    );
    const found = rows as { name: string; used: number }[];
    return new Map(found.map(({ name, used }) => [byName.get(name) ?? name, used]));
  } catch (error) {
    if (errorNumber(error) === undefined) throw error;
    return new Map();
  }
}

/** InnoDB writes what is no letter, digit or underscore as `@` and four hexadecimal digits. */
function fileName(name: string): string {
  return name.replaceAll(
    /[^\w]/g,
    (other) => `@${other.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
