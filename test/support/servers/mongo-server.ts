import { ContainerServer } from './container.ts';
import { builtDebianSid } from './debian-sid.ts';
import { dockerAnswers } from './docker.ts';
import { ferretdb, hasFerretdb } from './ferretdb.ts';
import { findProgram } from './find-program.ts';
import { freePort } from './free-port.ts';
import { requireChroot, startPostgres } from './postgres.ts';
import { Program, type ServerControl } from './program.ts';
import { serverFolder } from './run-folder.ts';

/** A server that speaks MongoDB's protocol; tests use databases with names of their own. */
export interface MongoServer {
  readonly name: string;
  /** `mongodb` or `ferretdb`, which lacks transactions and change streams. */
  readonly product: 'mongodb' | 'ferretdb';
  readonly version: string;
  readonly host: string;
  readonly port: number;
  /** `mongodb://127.0.0.1:20004/` */
  readonly url: string;
}

/** One that belongs to a test. With FerretDB, kill and pause hit the gateway, never its store. */
export type PrivateMongoServer = MongoServer & ServerControl;

/** True where a server can be started without downloading or building anything. */
export async function isMongoCheap(): Promise<boolean> {
  if ((await findProgram('mongod')) !== undefined || (await dockerAnswers())) return true;
  const isBuilt = (await hasFerretdb()) && (await builtDebianSid()) !== undefined;
  return isBuilt && process.getuid?.() === 0;
}

/**
 * Starts a MongoDB-protocol server of its own: MongoDB in Docker, else mongod from the PATH, else
 * FerretDB over PostgreSQL with DocumentDB (both built once into the cache folder: two minutes).
 * @throws ServerUnavailableError where it can be had in no way; Error where it does not start
 */
export async function startMongoServer(name = 'mongo'): Promise<PrivateMongoServer> {
  if (await dockerAnswers()) return startContainer(name);
  const mongod = await findProgram('mongod');
  return mongod === undefined ? startFerretdb(name) : startMongod(name, mongod);
}

/** The description of the server at a URL; asks the server for its version. */
export async function mongoServerAt(name: string, url: string): Promise<MongoServer> {
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 2000 });
  try {
    const info = await client.db('admin').command({ buildInfo: 1 });
    const ferret = (info['ferretdb'] as { version?: string } | undefined)?.version;
    const { hostname, port } = new URL(url);
    return {
      name,
      product: ferret === undefined ? 'mongodb' : 'ferretdb',
      version: ferret ?? String(info['version']),
      host: hostname,
      port: port === '' ? 27017 : Number(port),
      url,
    };
  } finally {
    await client.close();
  }
}

async function startFerretdb(name: string): Promise<PrivateMongoServer> {
  requireChroot(); // Before FerretDB is built in vain.
  const command = await ferretdb();
  const postgres = await startPostgres();
  const folder = await serverFolder(name);
  const port = await freePort();
  const args = [
    `--postgresql-url=${postgres.url}`,
    `--listen-addr=127.0.0.1:${port}`,
    '--debug-addr=-',
    `--state-dir=${folder}`,
    '--no-auth',
  ];
  const launch = { label: `ferretdb on port ${port}`, command, args, folder };
  const env = { DO_NOT_TRACK: '1' };
  const program = await new Program({ ...launch, env, isReady: () => answers(port) }).start();
  const server = Object.assign(program, await mongoServerAt(name, urlOf(port)));
  const stopGateway = server.stop.bind(server);
  return Object.assign(server, {
    stop: async () => {
      await stopGateway();
      await postgres.stop();
    },
  });
}

async function startMongod(name: string, command: string): Promise<PrivateMongoServer> {
  const folder = await serverFolder(name);
  const port = await freePort();
  const args = ['--dbpath', folder, '--port', String(port), '--bind_ip', '127.0.0.1'];
  const launch = { label: `mongod on port ${port}`, command, args, folder };
  const program = await new Program({ ...launch, isReady: () => answers(port) }).start();
  return Object.assign(program, await mongoServerAt(name, urlOf(port)));
}

async function startContainer(name: string): Promise<PrivateMongoServer> {
  const image = 'mongo:8.0';
  const isReady = answers;
  const server = await ContainerServer.start({ label: image, image, port: 27017, isReady });
  return Object.assign(server, await mongoServerAt(name, urlOf(server.hostPort)));
}

const urlOf = (port: number) => `mongodb://127.0.0.1:${port}/`;

async function answers(port: number): Promise<boolean> {
  await mongoServerAt('probe', urlOf(port));
  return true;
}
