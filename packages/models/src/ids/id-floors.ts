import { escapeIdentifier } from '@switchyard/mysql/internal';

/** A connection as the floors need it; mysql2's promise connections and query runners fit. */
export interface IdConnection {
  query(sql: string, values?: unknown[]): Promise<unknown>;
}

/** Largest id that each table gave out or holds, by table name. Beyond 2^53, hence BigInt. */
export type IdCeilings = ReadonlyMap<string, bigint>;

/**
 * The largest id of each AUTO_INCREMENT table in the connection's database, also where its row is
 * deleted by now: the greater of the counter and the rows. Ids that were made before a fleet existed have every remainder, so a new
 * shard must begin above them.
 */
export async function readIdCeilings(connection: IdConnection): Promise<IdCeilings> {
  const ceilings = new Map<string, bigint>();
  for (const [table, column] of await autoIncrementColumns(connection)) {
    const [row] = await rowsOf(
      connection,
      `SELECT CAST(COALESCE(MAX(${escapeIdentifier(column)}), 0) AS CHAR) AS top ` +
        `FROM ${escapeIdentifier(table)}`,
    );
    const held = BigInt((row?.['top'] as string | undefined) ?? 0);
    const given = (await counterOf(connection, table)) - 1n;
    ceilings.set(table, held > given ? held : given);
  }
  return ceilings;
}

/** For each table the largest of all: what the next shard's counters must exceed. */
export function highest(all: readonly IdCeilings[]): IdCeilings {
  const tops = new Map<string, bigint>();
  for (const ceilings of all) {
    for (const [table, top] of ceilings) {
      const known = tops.get(table) ?? 0n;
      tops.set(table, top > known ? top : known);
    }
  }
  return tops;
}

/**
 * Raises the AUTO_INCREMENT counters of a new shard above the ids that other shards hold, so that
 * it never gives out an id that exists. Tables that are not there are left out; a counter that is
 * high enough already stays. Returns the tables that were raised.
 */
export async function raiseIdFloors(
  connection: IdConnection,
  floors: IdCeilings,
): Promise<string[]> {
  const raised: string[] = [];
  for (const [table] of await autoIncrementColumns(connection)) {
    const floor = floors.get(table) ?? 0n;
    if (floor === 0n || (await counterOf(connection, table)) > floor) continue;
    // The servers refuse a bound value here; a BigInt prints digits and nothing else.
    const sql = `ALTER TABLE ${escapeIdentifier(table)} AUTO_INCREMENT = ${floor + 1n}`;
    await connection.query(sql);
    raised.push(table);
  }
  return raised;
}

async function autoIncrementColumns(connection: IdConnection): Promise<[string, string][]> {
  const rows = await rowsOf(
    connection,
    'SELECT TABLE_NAME AS tableName, COLUMN_NAME AS columnName FROM information_schema.COLUMNS ' +
      "WHERE TABLE_SCHEMA = DATABASE() AND EXTRA LIKE '%auto_increment%' ORDER BY TABLE_NAME",
  );
  return rows.map((row) => [String(row['tableName']), String(row['columnName'])]);
}

/**
 * The counter stands in the options, which begin the only line with a bracket at its start, before
 * any string: comments of columns and of the table may say `AUTO_INCREMENT=5` as well.
 */
const COUNTER = /\n\) [^'\n]*? AUTO_INCREMENT=(\d+)/;

/** SHOW CREATE TABLE, because MySQL keeps information_schema's counter for a day. */
async function counterOf(connection: IdConnection, table: string): Promise<bigint> {
  const [row] = await rowsOf(connection, `SHOW CREATE TABLE ${escapeIdentifier(table)}`);
  const text = String(row?.['Create Table'] ?? '');
  return BigInt(COUNTER.exec(text)?.[1] ?? 1);
}

/** mysql2 answers `[rows, fields]`, a query runner `rows`. */
async function rowsOf(connection: IdConnection, sql: string): Promise<Record<string, unknown>[]> {
  const answer = (await connection.query(sql)) as unknown[];
  return (Array.isArray(answer[0]) ? answer[0] : answer) as Record<string, unknown>[];
}
