// Builds ahead of time what servers need: `prepare.ts mariadb|mysql|mongodb|redis …`. Exits with 3
// where something cannot be had here, having said in one line what, and with 1 where it failed.
import { debianSid } from './debian-sid.ts';
import { ferretdb } from './ferretdb.ts';
import { requireProgram, ServerUnavailableError } from './install.ts';
import { startMongoServer } from './mongo-server.ts';
import { say } from './say.ts';
import { startMysqlServer } from './start-mysql.ts';

const CANNOT_BE_HAD = 3;

const preparations: Readonly<Record<string, () => Promise<string>>> = {
  mariadb: () => mysql('mariadb'),
  mysql: () => mysql('mysql'),
  mongodb: async () => {
    // Both take a minute, one of waiting for the network and one of computing.
    if (process.getuid?.() === 0) await Promise.all([ferretdb(), debianSid()]);
    const server = await startMongoServer();
    await server.stop();
    return `${server.product} ${server.version}`;
  },
  redis: () => requireProgram('redis-server', ['redis-server']),
};

async function mysql(engine: 'mariadb' | 'mysql'): Promise<string> {
  const server = await startMysqlServer({ engine });
  await server.stop();
  return `${server.engine} ${server.version}`;
}

for (const name of process.argv.slice(2)) {
  try {
    const prepare = preparations[name];
    if (prepare === undefined) throw new Error(`say ${Object.keys(preparations).join(' or ')}`);
    say(`ready: ${await prepare()}`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`not verified on ${name}: ${reason.replace(/\s*\n\s*/g, ' | ')}`);
    process.exitCode = error instanceof ServerUnavailableError ? CANNOT_BE_HAD : 1;
  }
}
