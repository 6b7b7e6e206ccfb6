import type { Connection, RowDataPacket } from 'mysql2/promise';

/** What planning needs to know of a server and of a connection to it. */
export interface ServerFacts {
  /** As `VERSION()` says it. */
  readonly version: string;
  readonly engine: 'mysql' | 'mariadb';
  /** Major, minor, patch. */
  readonly numbers: readonly [number, number, number];
  /** Database that the connection came with. */
  readonly database: string;
  readonly charset: string;
  readonly collation: string;
  readonly sqlMode: string;
  /** Two shards with the same one are on the same server process. */
  readonly server: string;
}

const QUERY = `SELECT VERSION() AS version, DATABASE() AS \`database\`,
  @@character_set_database AS charset, @@collation_database AS collation,
  @@sql_mode AS sqlMode, CONCAT(@@hostname, ':', @@port, ':', @@datadir) AS server`;

/** Asks once what a connection's server is. */
export async function readServerFacts(connection: Connection): Promise<ServerFacts> {
  const [rows] = await connection.query<RowDataPacket[]>(QUERY);
  const row = rows[0] as Omit<ServerFacts, 'engine' | 'numbers'>;
  const [major, minor, patch] = row.version.split(/[.-]/).map(Number);
  return {
    ...row,
    engine: /mariadb/i.test(row.version) ? 'mariadb' : 'mysql',
    numbers: [major ?? 0, minor ?? 0, patch ?? 0],
  };
}

/** True where the server is at least that version of its product. */
export function isAtLeast(facts: ServerFacts, ...wanted: [number, number, number]): boolean {
  for (const [i, want] of wanted.entries()) {
    const have = facts.numbers[i] ?? 0;
    if (have !== want) return have > want;
  }
  return true;
}

/** All on which two shards must agree for one plan to serve both, definitions aside. */
export function serverKey(facts: ServerFacts): string {
  return [facts.version, facts.charset, facts.collation, facts.sqlMode].join('|');
}
