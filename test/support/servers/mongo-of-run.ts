import { ServerUnavailableError } from './install.ts';
import { isMongoCheap, mongoServerAt, startMongoServer, type MongoServer } from './mongo-server.ts';
import { publishedServers } from './run-servers.ts';
import { say } from './say.ts';

/** Why the run's set-up could start none, for the test processes. */
const NO_MONGO = 'SWITCHYARD_RUN_NO_MONGO';
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
  try {
    const server = await startMongoServer();
    return { ...labelled(server), stop: () => server.stop() };
  } catch (error) {
    if (!(error instanceof ServerUnavailableError)) throw error;
    process.env[NO_MONGO] = error.message;
    say(`${error.message} (not verified: the MongoDB store)`);
    return undefined;
  }
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
  const known = process.env[NO_MONGO];
  if (known === undefined && (await isMongoCheap())) return startMongoServer();
  const remedy = 'set SWITCHYARD_MONGODB=1 or SWITCHYARD_TEST_MONGODB_URL';
  const reason = known ?? `no MongoDB-protocol server: ${remedy}`;
  say(`${reason} (not verified here: the MongoDB store)`);
  return reason;
}
