import { ContainerServer } from './container.ts';
import { dockerAnswers } from './docker.ts';
import { freePort } from './free-port.ts';
import { requireProgram } from './install.ts';
import { Program, type ServerControl } from './program.ts';
import { askRedis } from './redis-address.ts';
import { serverFolder } from './run-folder.ts';

/** A Redis server that tests may use under key prefixes of their own. */
export interface RedisServer {
  readonly name: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  /** `redis://127.0.0.1:20002` */
  readonly url: string;
}

/** A Redis server that belongs to one test, which may kill, pause and restart it. */
export type PrivateRedisServer = RedisServer & ServerControl;

/** Where a private server differs from the usual one. */
export interface RedisServerOptions {
  /** Default `redis`. Shows in messages. */
  readonly name?: string;
  /** Further server options: `['--appendonly', 'yes']`. By default nothing survives a kill. */
  readonly args?: readonly string[];
}

/**
 * Starts a Redis server of its own, in Docker or as a program; it ends with this process at the
 * latest.
 * @throws ServerUnavailableError where Redis cannot be had; Error where it does not start
 */
export async function startRedisServer(
  options: RedisServerOptions = {},
): Promise<PrivateRedisServer> {
  const { name = 'redis', args = [] } = options;
  return (await dockerAnswers()) ? startContainer(name, args) : startProgram(name, args);
}

/** The description of the Redis server at an address; asks the server for its version. */
export async function redisServerAt(name: string, url: string): Promise<RedisServer> {
  const { hostname, port } = new URL(url);
  const at = { host: hostname, port: port === '' ? 6379 : Number(port) };
  const version = /redis_version:(\S+)/.exec(await askRedis(url, 'INFO server'))?.[1];
  return { name, version: version ?? 'unknown', ...at, url };
}

async function startProgram(name: string, args: readonly string[]): Promise<PrivateRedisServer> {
  const command = await requireProgram('redis-server', ['redis-server']);
  const folder = await serverFolder(name);
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const program = await new Program({
    label: `${command} on port ${port}`,
    command,
    args: [...place, '--save', '', '--appendonly', 'no', ...args],
    folder,
    // The pid proves that it is our server that answers, and not another run's on the port.
    isReady: async (pid) => (await askRedis(url, 'INFO server')).includes(`process_id:${pid}\r`),
  }).start();
  return Object.assign(program, await redisServerAt(name, url));
}

async function startContainer(name: string, args: readonly string[]): Promise<PrivateRedisServer> {
  const server = await ContainerServer.start({
    label: 'redis:7',
    image: 'redis:7',
    port: 6379,
    command: ['redis-server', '--save', '', ...args],
    isReady: async (port) => (await askRedis(`redis://127.0.0.1:${port}`, 'PING')).includes('PONG'),
  });
  return Object.assign(server, await redisServerAt(name, `redis://127.0.0.1:${server.hostPort}`));
}
