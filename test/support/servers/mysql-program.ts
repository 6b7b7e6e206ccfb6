import { constants } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce } from './cache-folder.ts';
import { freePort } from './free-port.ts';
import { mariadbEngine } from './mariadb.ts';
import { askMysql, mysqlServerAt } from './mysql-address.ts';
import { mysqlEngine } from './mysql.ts';
import type { EngineName, MysqlEngine } from './mysql-engine.ts';
import type { MysqlServerOptions, PrivateMysqlServer } from './mysql-server.ts';
import { Program } from './program.ts';
import { readLog, serverFolder } from './run-folder.ts';

const PORT_ATTEMPTS = 5;
const engines = new Map<EngineName, Promise<MysqlEngine>>();

/** {@link startMysqlServer} with the engine's program: PATH, then installed. */
export async function startMysqlProgram(
  asked: Required<MysqlServerOptions>,
): Promise<PrivateMysqlServer> {
  const engine = await engineNamed(asked.engine);
  const empty = await emptyData(engine);
  for (let attempt = 1; ; attempt++) {
    const folder = await serverFolder(asked.name);
    const data = join(folder, 'data');
    await cp(empty, data, { recursive: true, mode: constants.COPYFILE_FICLONE });
    const port = await freePort();
    try {
      const program = await startOn(engine, { folder, port }, asked);
      return Object.assign(program, await mysqlServerAt(asked.name, { port }));
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !(await portWasTaken(folder))) throw error;
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Finds, installs or builds what the engine's servers need, and starts none. */
export function engineNamed(name: EngineName): Promise<MysqlEngine> {
  const known = engines.get(name);
  if (known !== undefined) return known;
  const found = name === 'mysql' ? mysqlEngine() : mariadbEngine();
  engines.set(name, found);
  return found;
}

/** Making system tables takes seconds, copying them a tenth: once per engine and version. */
async function emptyData(engine: MysqlEngine): Promise<string> {
  const template = await buildOnce(`empty-${engine.name}-${engine.version}`, async (folder) => {
    await mkdir(join(folder, 'data'));
    await engine.initialize(join(folder, 'data'));
  });
  return join(template, 'data');
}

function startOn(
  engine: MysqlEngine,
  { folder, port }: { readonly folder: string; readonly port: number },
  { args, machineZone }: Required<MysqlServerOptions>,
): Promise<Program> {
  const data = join(folder, 'data');
  // A tmpdir of its own: a server that starts deletes the temporary tables of all that share one.
  const place = [
    `--datadir=${data}`,
    `--tmpdir=${folder}`,
    `--port=${port}`,
    `--socket=${folder}/s`,
  ];
  return new Program({
    label: `${engine.command} (${engine.version}) on port ${port}`,
    command: engine.command,
    args: [...engine.baseArgs, ...engine.serverArgs, ...place, `--pid-file=${data}/pid`, ...args],
    folder,
    ...(machineZone !== '' && { env: { TZ: machineZone } }),
    isReady: () => servesData(port, data),
  }).start();
}

/** The data folder proves that it is our server that answers, and not another run's on the port. */
async function servesData(port: number, data: string): Promise<boolean> {
  const answer = await askMysql({ port }, 'select @@datadir as data');
  return answer['data'] === `${data}/`;
}

async function portWasTaken(folder: string): Promise<boolean> {
  return /address already in use/i.test(await readLog(join(folder, 'log')));
}
