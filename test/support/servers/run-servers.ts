import { givenMysqlServers } from './given.ts';
import type { MysqlServer } from './mysql-server.ts';
import type { RedisServer } from './redis-server.ts';
import { startMysqlServer } from './start-mysql.ts';
import { startServers } from './start-servers.ts';

const VARIABLE = 'SWITCHYARD_RUN_SERVERS';

/** What vitest's global set-up hands to the test processes. */
export interface RunServers {
  readonly mysql: readonly MysqlServer[];
  readonly redis: RedisServer | undefined;
  /** URL of the MongoDB-protocol server, where the run has one. */
  readonly mongo: string | undefined;
}

/** Makes the run's servers known to all processes that this one starts from now on. */
export function publishRunServers(servers: RunServers): void {
  process.env[VARIABLE] = JSON.stringify(servers);
}

/** The servers that the run's global set-up started, or undefined outside such a run. */
export function publishedServers(): RunServers | undefined {
  const text = process.env[VARIABLE];
  return text === undefined ? undefined : (JSON.parse(text) as RunServers);
}

const further: Promise<MysqlServer>[] = [];
let redis: Promise<RedisServer> | undefined;

/**
 * The first `count` MySQL-protocol servers of this test run, each a process of its own. The run has
 * two; further ones are started for this test file. Others use them too: make a database with
 * `freshDatabase`, and start a server of your own (`startMysqlServer`) to kill or reconfigure it.
 */
export async function mysqlServers(count: number): Promise<readonly MysqlServer[]> {
  const shared = publishedServers()?.mysql ?? (await givenMysqlServers());
  const given = process.env['SWITCHYARD_TEST_MYSQL_URLS'];
  if (given !== undefined && given !== '') {
    return Array.from({ length: count }, (_, i) => shared[i % shared.length]!);
  }
  while (shared.length + further.length < count) {
    const name = `mysql${shared.length + further.length + 1}`;
    further.push(startMysqlServer({ name }));
  }
  return [...shared, ...(await Promise.all(further))].slice(0, count);
}

/** The Redis server of this test run. Others use it too: give your keys and queues a prefix. */
export async function redisServer(): Promise<RedisServer> {
  const shared = publishedServers()?.redis;
  if (shared !== undefined) return shared;
  redis ??= startServers({ redis: true }).then((servers) => servers.redis!);
  return redis;
}
