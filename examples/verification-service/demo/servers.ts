import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  connectTo,
  startServers,
  startTcpProxy,
  type MysqlServer,
  type TcpProxy,
} from '../../../test/support/servers/index.ts';
import type { ShardAddress } from './audit.ts';

/** The demo's servers: three shards and `core` with the directory, each a process, and Redis. */
export interface DemoServers {
  /** What service, worker and CLI find in their environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Plain addresses for the audit. */
  readonly shards: readonly ShardAddress[];
  /** Stands between everyone and `core`, so that the directory can be cut off. */
  readonly core: TcpProxy;
  readonly versions: string;
  stop(): Promise<void>;
}

/** Starts them on free ports in a temporary folder and makes the empty databases. */
export async function startDemoServers(): Promise<DemoServers> {
  const running = await startServers({ mysql: 4, redis: true });
  const [us1, us2, eu1, core] = running.mysql as [
    MysqlServer,
    MysqlServer,
    MysqlServer,
    MysqlServer,
  ];
  const shards = Object.entries({ us1, us2, eu1 });
  for (const [, server] of shards) await makeDatabase(server, 'verification');
  await makeDatabase(core, 'directory');
  const proxy = await startTcpProxy(core);
  // Last: an interruption before this leaves only what ends with this process.
  const folder = await mkdtemp(join(tmpdir(), 'switchyard-demo-'));
  return {
    env: {
      ...Object.fromEntries(
        shards.map(([name, server]) => [`${name.toUpperCase()}_URL`, urlOf(server)]),
      ),
      CORE_URL: urlOf({ ...core, host: proxy.host, port: proxy.port }),
      REDIS_URL: running.redis?.url ?? '',
      KEY_HASH_SECRET: randomBytes(32).toString('hex'),
      SWITCHYARD_LOCK_FILE: join(folder, 'switchyard.lock.json'),
    },
    shards: shards.map(([shard, server]) => ({ shard, uri: `${server.url}/verification` })),
    core: proxy,
    versions: `${us1.engine} ${us1.version} (4 servers), Redis`,
    stop: async () => {
      await proxy.stop();
      await running.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function urlOf({
  engine,
  user,
  password,
  host,
  port,
}: Pick<MysqlServer, 'engine' | 'user' | 'password' | 'host' | 'port'>): string {
  return `${engine}://${user}:${encodeURIComponent(password)}@${host}:${port}`;
}

async function makeDatabase(server: MysqlServer, database: string): Promise<void> {
  const connection = await connectTo(server);
  await connection.query(`CREATE DATABASE ${database}`);
  await connection.end();
}
