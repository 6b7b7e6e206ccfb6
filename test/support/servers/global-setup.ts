import { mkdir, writeFile } from 'node:fs/promises';
import { mongoForRun } from './mongo-of-run.ts';
import { closeRun } from './run-folder.ts';
import { publishRunServers } from './run-servers.ts';
import { say } from './say.ts';
import { startServers, type RunningServers } from './start-servers.ts';

/**
 * Vitest's global set-up of the project `servers`: two MySQL-protocol servers and Redis, and with
 * `SWITCHYARD_MONGODB=1` a MongoDB-protocol server.
 */
export async function setup(): Promise<() => Promise<void>> {
  const before = performance.now();
  const servers = await startServers({ mysql: 2, redis: true });
  const mongo = await mongoForRun();
  publishRunServers({ mysql: servers.mysql, redis: servers.redis, mongo: mongo?.url });
  const used = describe(servers, mongo?.label);
  await noteInReport(used);
  const took = ((performance.now() - before) / 1000).toFixed(1);
  say(`${used}; up in ${took} s`);
  return async () => {
    await Promise.all([servers.stop(), mongo?.stop()]);
    closeRun();
  };
}

function describe({ mysql, redis }: RunningServers, mongo: string | undefined): string {
  const engines = new Set(mysql.map((server) => `${server.engine} ${server.version}`));
  const processes = new Set(mysql.map((server) => server.url)).size;
  const parts = [`${[...engines].join(', ')} (${processes})`, `redis ${redis?.version ?? 'none'}`];
  return [...parts, ...(mongo === undefined ? [] : [mongo])].join(', ');
}

/** CI prints at its end on what the tests ran. */
async function noteInReport(used: string): Promise<void> {
  const report = process.env['SWITCHYARD_REPORT'];
  if (report === undefined) return;
  await mkdir('reports', { recursive: true });
  await writeFile(`reports/${report}.servers.txt`, `${report}: ${used}, Node ${process.version}\n`);
}
