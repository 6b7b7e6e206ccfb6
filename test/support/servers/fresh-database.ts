import { connectTo } from './admin-connection.ts';
import type { MysqlServer } from './mysql-server.ts';

/** An empty database of one test. */
export interface FreshDatabase {
  /** Unique on its server: `orders_k3f9_1`. */
  readonly name: string;
  readonly server: MysqlServer;
  /** The server's URL with the database as its path. */
  readonly url: string;
  /** Removes it; doing so again does no harm. */
  drop(): Promise<void>;
}

let made = 0;

/** Creates an empty database whose name starts with `prefix`, utf8mb4. Drop it when done. */
export async function freshDatabase(server: MysqlServer, prefix: string): Promise<FreshDatabase> {
  const run = `${process.pid.toString(36)}${Date.now().toString(36).slice(-5)}`;
  const name = `${prefix}_${run}_${++made}`.replace(/[^a-z0-9_]/gi, '_');
  await execute(server, `create database \`${name}\` character set utf8mb4`);
  return {
    name,
    server,
    url: `${server.url}/${name}`,
    drop: () => execute(server, `drop database if exists \`${name}\``),
  };
}

async function execute(server: MysqlServer, sql: string): Promise<void> {
  const connection = await connectTo(server);
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}
