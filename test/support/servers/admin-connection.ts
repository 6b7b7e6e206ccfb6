import { createConnection, type Connection } from 'mysql2/promise';
import type { MysqlServer } from './mysql-server.ts';

/** A plain connection as the account that may do everything, for setting up and for auditing. */
export function connectTo(server: MysqlServer, database?: string): Promise<Connection> {
  const { host, port, user, password } = server;
  return createConnection({ host, port, user, password, ...(database && { database }) });
}
