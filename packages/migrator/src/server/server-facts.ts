import type { Connection, RowDataPacket } from 'mysql2/promise';

/** What planning needs to know of a server and of a connection to it. */
export interface ServerFacts {
  /** As `VERSION()` says it. */
  readonly version: string;
  readonly engine: 'mysql' | 'mariadb';
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
  const row = rows[0] as Omit<ServerFacts, 'engine'>;
  return {
    ...row,
    engine: /mariadb/i.test(row.version) ? 'mariadb' : 'mysql',
  };
}

/** All on which two shards must agree for one plan to serve both, definitions aside. */
export function serverKey(facts: ServerFacts): string {
  return [facts.version, facts.charset, facts.collation, facts.sqlMode].join('|');
}
