import { randomBytes } from 'node:crypto';
import {
  connectTo,
  redisServer,
  startServers,
  type MysqlServer,
} from '../support/servers/index.ts';

const SHARDS = ['us1', 'us2', 'eu1'];

/** What the code of a page finds when it runs. */
export interface ReadersFleet {
  /** `US1_ADDRESS` (host:port) and so on, as in the demo; CONTRIBUTING.md lists them. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Servers of their own for the shards us1, us2, eu1 and for `core`, with empty databases. */
export async function startReadersFleet(): Promise<ReadersFleet> {
  const servers = await startServers({ mysql: SHARDS.length + 1 });
  const core = servers.mysql[SHARDS.length]!;
  for (const server of servers.mysql) {
    await makeDatabase(server, server === core ? 'directory' : 'verification');
  }
  const addresses = SHARDS.flatMap((name, i) => [
    [`${name.toUpperCase()}_ADDRESS`, at(servers.mysql[i]!)],
    [`${name.toUpperCase()}_URL`, urlOf(servers.mysql[i]!)],
  ]);
  return {
    env: {
      ...(Object.fromEntries(addresses) as Record<string, string>),
      CORE_ADDRESS: at(core),
      CORE_URL: urlOf(core),
      DB_ENGINE: core.engine,
      DB_USER: core.user,
      DB_PASSWORD: core.password,
      REDIS_URL: (await redisServer()).url,
      KEY_HASH_SECRET: randomBytes(32).toString('hex'),
    },
    stop: () => servers.stop(),
  };
}

const urlOf = ({ engine, user, password, host, port }: MysqlServer) =>
  `${engine}://${user}:${encodeURIComponent(password)}@${host}:${port}`;
const at = ({ host, port }: MysqlServer) => `${host}:${port}`;

async function makeDatabase(server: MysqlServer, name: string): Promise<void> {
  const connection = await connectTo(server);
  await connection.query(`create database \`${name}\``);
  await connection.end();
}
