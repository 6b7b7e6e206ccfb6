// A program that has servers until a signal ends it; prints their pids and their folder.
import { startMysqlServer, startRedisServer } from './index.ts';
import { runFolder } from './run-folder.ts';

const servers = [await startMysqlServer(), await startRedisServer()];
console.log(JSON.stringify({ pids: servers.map(({ pid }) => pid), folder: runFolder() }));
setInterval(() => undefined, 60_000);
