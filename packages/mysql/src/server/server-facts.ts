import type { Connection, RowDataPacket } from 'mysql2/promise';

/** What a server says of itself that decides whether it may be used. */
export interface ServerFacts {
  /** As the server says it: `10.11.19-MariaDB-0+deb12u1`. */
  readonly version: string;
  readonly engine: 'mysql' | 'mariadb';
  /** The variable that makes it read-only; undefined where it takes writes. */
  readonly readOnlyBy: string | undefined;
  /** Why a row lock on this server does not hold for the whole cluster; undefined where it does. */
  readonly multiWriter: string | undefined;
  /** True where a lock wait timeout rolls back the whole transaction, not the statement only. */
  readonly rollsBackOnTimeout: boolean;
}

/**
 * SHOW answers for variables that one engine lacks with no row, where SELECT @@x would fail. One
 * statement per new physical connection.
 */
const FACTS = `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('version', 'read_only',
  'super_read_only', 'innodb_read_only', 'wsrep_on', 'group_replication_single_primary_mode',
  'group_replication_group_name', 'innodb_rollback_on_timeout')`;

const READ_ONLY = ['super_read_only', 'read_only', 'innodb_read_only'];

/** Asks the server of a new connection. */
export async function serverFacts(connection: Connection): Promise<ServerFacts> {
  const [rows] = await connection.query<RowDataPacket[]>({ sql: FACTS, rowsAsArray: true });
  const variables = new Map(rows.map((row) => [String(row[0]).toLowerCase(), String(row[1])]));
  const version = variables.get('version') ?? '';
  return {
    version,
    engine: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
    readOnlyBy: READ_ONLY.find((name) => isOn(variables.get(name))),
    multiWriter: multiWriter(variables),
    rollsBackOnTimeout: isOn(variables.get('innodb_rollback_on_timeout')),
  };
}

function multiWriter(variables: ReadonlyMap<string, string>): string | undefined {
  if (isOn(variables.get('wsrep_on'))) return 'it is a Galera node';
  const group = variables.get('group_replication_group_name') ?? '';
  const single = variables.get('group_replication_single_primary_mode');
  const several = group !== '' && single !== undefined && !isOn(single);
  return several ? 'its replication group has several primaries' : undefined;
}

/** Newer MariaDB knows degrees of read_only; everything but off counts. */
function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '' && !/^(off|0|no)$/i.test(value);
}
