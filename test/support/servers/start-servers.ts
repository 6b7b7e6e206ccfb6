import { givenMysqlServers, givenRedisServer } from './given.ts';
import type { MysqlServer } from './mysql-server.ts';
import type { RedisServer } from './redis-server.ts';
import { startRedisServer } from './redis-server.ts';
import { startMysqlServer } from './start-mysql.ts';

/** Which servers a run wants. */
export interface WantedServers {
  /** How many MySQL-protocol servers, each a process of its own. Default 0. */
  readonly mysql?: number;
  /** Default false. */
  readonly redis?: boolean;
}

/** The servers of a run and their end. */
export interface RunningServers {
  readonly mysql: readonly MysqlServer[];
  readonly redis: RedisServer | undefined;
  /** Ends those that were started here and removes their data; leaves given ones alone. */
  stop(): Promise<void>;
}

/** A server, or the pair of {@link startServers} and `stop()`. */
interface Stoppable {
  stop(): Promise<void>;
}

/**
 * Gives out servers for a program of its own (demo, benchmark): from the environment, else started
 * privately. They end with `stop()`, and with this process at the latest, however it ends. Where
 * the environment names fewer MySQL addresses than wanted, they are given out in turn.
 * @throws ServerUnavailableError where a server cannot be had; Error where one does not start
 */
export async function startServers(wanted: WantedServers): Promise<RunningServers> {
  const started: Stoppable[] = [];
  const keep = <T extends Stoppable>(server: T): T => (started.push(server), server);
  const stop = async () => {
    await Promise.all(started.splice(0).map((server) => server.stop()));
  };
  try {
    const mysql = await wantedMysql(wanted.mysql ?? 0, keep);
    const redis = wanted.redis === true ? await wantedRedis(keep) : undefined;
    return { mysql, redis, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** {@link startServers} for the time of one function. They are stopped also when it fails. */
export async function withServers<T>(
  wanted: WantedServers,
  use: (servers: RunningServers) => Promise<T>,
): Promise<T> {
  const servers = await startServers(wanted);
  try {
    return await use(servers);
  } finally {
    await servers.stop();
  }
}

type Keep = <T extends Stoppable>(server: T) => T;

async function wantedMysql(count: number, keep: Keep): Promise<readonly MysqlServer[]> {
  const given = await givenMysqlServers();
  if (given.length > 0) return Array.from({ length: count }, (_, i) => given[i % given.length]!);
  const servers: MysqlServer[] = [];
  const start = async (i: number) => {
    servers[i] = keep(await startMysqlServer({ name: `mysql${i + 1}` }));
  };
  // The first one installs and builds what is missing; the others then come at once.
  if (count > 0) await start(0);
  await Promise.all(Array.from({ length: Math.max(0, count - 1) }, (_, i) => start(i + 1)));
  return servers;
}

async function wantedRedis(keep: Keep): Promise<RedisServer> {
  return (await givenRedisServer()) ?? keep(await startRedisServer());
}
