import { publishRunServers } from './run-servers.ts';
import { closeRun } from './run-folder.ts';
import { say } from './say.ts';
import { startServers } from './start-servers.ts';

/** Vitest's global set-up of the project `servers`: two MySQL-protocol servers and Redis. */
export async function setup(): Promise<() => Promise<void>> {
  const before = Date.now();
  const servers = await startServers({ mysql: 2, redis: true });
  publishRunServers({ mysql: servers.mysql, redis: servers.redis, mongo: undefined });
  const versions = new Set(servers.mysql.map((s) => `${s.engine} ${s.version}`));
  const redis = servers.redis?.version ?? 'none';
  const took = ((Date.now() - before) / 1000).toFixed(1);
  say(`${[...versions].join(', ')} (${servers.mysql.length}), redis ${redis}, up in ${took} s`);
  return async () => {
    await servers.stop();
    closeRun();
  };
}
