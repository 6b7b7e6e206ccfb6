import { createConnection, type RowDataPacket } from 'mysql2/promise';
import type { MysqlServer } from './mysql-server.ts';

/** Where a server is and who may do everything there. */
export interface MysqlAddress {
  /** Default 127.0.0.1. */
  readonly host?: string;
  readonly port: number;
  /** Default root. */
  readonly user?: string;
  /** Default none. */
  readonly password?: string;
}

/** The description of the server at an address; asks the server for its version. */
export async function mysqlServerAt(name: string, address: MysqlAddress): Promise<MysqlServer> {
  const { host = '127.0.0.1', port, user = 'root', password = '' } = address;
  const version = String((await askMysql(address, 'select version() as version'))['version']);
  const secret = password === '' ? '' : `:${encodeURIComponent(password)}`;
  return {
    name,
    engine: /mariadb/i.test(version) ? 'mariadb' : 'mysql',
    version,
    host,
    port,
    user,
    password,
    url: `mysql://${encodeURIComponent(user)}${secret}@${host}:${port}`,
  };
}

/** Takes `mysql://user:password@host:port` apart. */
export function parseMysqlUrl(url: string): Required<MysqlAddress> {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname,
    port: port === '' ? 3306 : Number(port),
    user: username === '' ? 'root' : decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

/** The first row of one statement over a connection of its own. */
export async function askMysql(
  address: MysqlAddress,
  sql: string,
): Promise<Record<string, unknown>> {
  const connection = await createConnection({
    host: '127.0.0.1',
    user: 'root',
    connectTimeout: 5000,
    ...address,
  });
  // A server that is killed while we ask reports it here as well as to the query.
  connection.on('error', () => undefined);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(sql);
    return rows[0] ?? {};
  } finally {
    connection.destroy();
  }
}
