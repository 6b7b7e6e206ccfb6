import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildOnce } from './cache-folder.ts';
import { debianSid } from './debian-sid.ts';
import { freePort } from './free-port.ts';
import { ServerUnavailableError } from './install.ts';
import { Program } from './program.ts';
import { mustRun, runCommand } from './run-command.ts';
import { runFolder, serverFolder } from './run-folder.ts';

const BIN = '/usr/lib/postgresql/18/bin';
/** Where data folders stand inside the small Debian; named after the run they belong to. */
const RUNS = 'runs';
const SETTINGS = [
  "shared_preload_libraries = 'pg_cron,pg_documentdb_core,pg_documentdb'",
  "cron.database_name = 'postgres'",
  "listen_addresses = '127.0.0.1'",
  'max_connections = 300',
  'fsync = off',
  "dynamic_shared_memory_type = 'mmap'",
];

/** PostgreSQL with the DocumentDB extension, the store behind FerretDB. */
export interface PostgresServer {
  /** `postgres://postgres@127.0.0.1:20003/postgres` */
  readonly url: string;
  /** Ends it for good and removes its data. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL 18 with DocumentDB out of the small Debian sid, by chroot as its user postgres.
 * @throws ServerUnavailableError without root
 */
export async function startPostgres(): Promise<PostgresServer> {
  requireChroot();
  const root = await debianSid();
  await removeAbandoned(root);
  const empty = await emptyData(root);
  const folder = await serverFolder('postgres');
  const inside = join('/', RUNS, basename(runFolder()), basename(folder));
  await mkdir(join(root, inside), { recursive: true });
  // cp keeps the owner, which Node's own copy does not.
  await mustRun('cp', ['-a', '--reflink=auto', `${empty}/data`, join(root, inside, 'data')]);
  const started = await startOn(root, inside, folder);
  return {
    url: started.url,
    stop: async () => {
      await started.program.stop();
      await rm(join(root, inside), { recursive: true, force: true });
    },
  };
}

/** @throws ServerUnavailableError without the rights that a chroot needs */
export function requireChroot(): void {
  if (process.getuid?.() === 0) return;
  throw new ServerUnavailableError('PostgreSQL with DocumentDB runs in a chroot, which needs root');
}

async function startOn(root: string, inside: string, folder: string) {
  const port = await freePort();
  const data = `${inside}/data`;
  const program = await new Program({
    label: `PostgreSQL on port ${port}`,
    command: 'chroot',
    args: [...asPostgres(root), `${BIN}/postgres`, '-D', data, '-p', String(port), '-k', data],
    folder,
    isReady: async () => {
      const ready = [...asPostgres(root), `${BIN}/pg_isready`, '-h', data, '-p', String(port)];
      return (await runCommand('chroot', ready)).code === 0;
    },
  }).start();
  return { program, url: `postgres://postgres@127.0.0.1:${port}/postgres` };
}

/** Changing the user clears the order to die with us, so it is given once more after the change. */
function asPostgres(root: string): string[] {
  const user = ['--reuid=postgres', '--regid=postgres', '--clear-groups'];
  return [root, 'setpriv', ...user, '--pdeathsig', 'KILL'];
}

/** A data folder with the extension created, which takes some seconds: built once. */
function emptyData(root: string): Promise<string> {
  return buildOnce('empty-postgresql-18-documentdb', async (target) => {
    const inside = join('/', RUNS, `template-${process.pid}`);
    const data = `${inside}/data`;
    await mkdir(join(root, inside), { recursive: true });
    await mustRun('chroot', [root, 'chown', 'postgres:postgres', inside]);
    await mustRun('chroot', [
      ...asPostgres(root),
      `${BIN}/initdb`,
      '-D',
      data,
      '-A',
      'trust',
      '-N',
    ]);
    await appendFile(join(root, data, 'postgresql.conf'), SETTINGS.join('\n'));
    await createExtension(root, data);
    await mustRun('cp', ['-a', join(root, data), `${target}/data`]);
    await rm(join(root, inside), { recursive: true });
  });
}

async function createExtension(root: string, data: string): Promise<void> {
  const port = String(await freePort());
  const ctl = [
    ...asPostgres(root),
    `${BIN}/pg_ctl`,
    '-D',
    data,
    '-w',
    '-o',
    `-p ${port} -k ${data}`,
  ];
  await mustRun('chroot', [...ctl, '-l', `${data}/log`, 'start']);
  const create = 'CREATE EXTENSION documentdb CASCADE';
  const psql = [`${BIN}/psql`, '-h', data, '-p', port, '-d', 'postgres', '-c', create];
  await mustRun('chroot', [...asPostgres(root), ...psql]);
  await mustRun('chroot', [...ctl, 'stop']);
}

/** Data folders of runs that were killed before they could remove them. */
async function removeAbandoned(root: string): Promise<void> {
  const runs = await readdir(join(root, RUNS)).catch(() => []);
  const gone = runs.filter(
    (run) => !existsSync(join(tmpdir(), run)) && !run.startsWith('template'),
  );
  await Promise.all(gone.map((run) => rm(join(root, RUNS, run), { recursive: true, force: true })));
}
