import { ServerUnavailableError } from './install.ts';
import { isMongoCheap, mongoServerAt, startMongoServer, type MongoServer } from './mongo-server.ts';
import { publishedServers } from './run-servers.ts';
import { say } from './say.ts';

let found: Promise<MongoServer | string> | undefined;

/**
 * The MongoDB-protocol server of this test run: of `SWITCHYARD_TEST_MONGODB_URL`, else the one that
 * `SWITCHYARD_MONGODB=1` made the run start, else one for this test file where that costs no
 * download. Undefined where it cannot be had, and one line says why: skip with {@link noMongoReason}.
 */
export async function mongoServer(): Promise<MongoServer | undefined> {
  const answer = await (found ??= find());
  return typeof answer === 'string' ? undefined : answer;
}

/** Why {@link mongoServer} gives none, for `ctx.skip(reason)`; undefined where it gives one. */
export async function noMongoReason(): Promise<string | undefined> {
  const answer = await (found ??= find());
  return typeof answer === 'string' ? answer : undefined;
}

/** A server for the whole run, where the environment wants one; else undefined. */
export async function mongoForRun(): Promise<RunMongo | undefined> {
  const url = process.env['SWITCHYARD_TEST_MONGODB_URL'];
  if (url !== undefined && url !== '') {
    return { ...labelled(await mongoServerAt('given-mongo', url)), stop: () => Promise.resolve() };
  }
  if (process.env['SWITCHYARD_MONGODB'] !== '1') return undefined;
  const server = await startMongoServer().catch(skipWhereUnavailable);
  return server && { ...labelled(server), stop: () => server.stop() };
}

/** The run's own server, for its set-up: where it is, what it is, and its end. */
export interface RunMongo {
  readonly url: string;
  /** `ferretdb v2.7.0` */
  readonly label: string;
  stop(): Promise<void>;
}

function labelled({ url, product, version }: MongoServer): { url: string; label: string } {
  return { url, label: `${product} ${version}` };
}

async function find(): Promise<MongoServer | string> {
  const url = publishedServers()?.mongo ?? process.env['SWITCHYARD_TEST_MONGODB_URL'];
  if (url !== undefined && url !== '') return mongoServerAt('mongo', url);
  if (await isMongoCheap()) return startMongoServer();
  const reason =
    'no MongoDB-protocol server: set SWITCHYARD_MONGODB=1 or SWITCHYARD_TEST_MONGODB_URL';
  say(`${reason} (not verified here: the MongoDB store)`);
  return reason;
}

function skipWhereUnavailable(error: unknown): undefined {
  if (!(error instanceof ServerUnavailableError)) throw error;
  say(`${error.message} (not verified: the MongoDB store)`);
  return undefined;
}
