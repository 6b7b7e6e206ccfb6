import { MemoryStore } from '@switchyard/directory/memory';
import { MongoStore } from '@switchyard/directory/mongodb';
import { MySqlStore } from '@switchyard/directory/mysql';
import type { DirectoryStore } from '@switchyard/directory';
import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import {
  freshDatabase,
  mongoServer,
  mysqlServers,
  noMongoReason,
  type MysqlServer,
} from '../support/servers/index.ts';

/** One kind of store, with an empty place of its own, for the suites that all of them pass. */
export interface StoreUnderTest {
  /** A further store on the same rows, as another process would open it. */
  open(): DirectoryStore;
  /** Another process's way to the same rows: arguments of `child-store.ts`. */
  readonly childArgument: string | undefined;
  dispose(): Promise<void>;
}

/** Where a store may be reached: a server, or a proxy before it. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

export type StoreName = 'memory' | 'mysql' | 'mongodb';

export const STORES: readonly StoreName[] = ['memory', 'mysql', 'mongodb'];

/** Why a store cannot be had in this run; undefined where it can. */
export async function reasonToSkip(store: StoreName): Promise<string | undefined> {
  return store === 'mongodb' ? noMongoReason() : undefined;
}

/** An empty store of that kind, prepared. */
export async function emptyStore(name: StoreName): Promise<StoreUnderTest> {
  if (name === 'mysql') return emptyMySqlStore();
  if (name === 'mongodb') return emptyMongoStore();
  return emptyMemoryStore();
}

/** The MySQL store as a child process opens it. */
export function mysqlStoreAt(
  server: Address & { readonly user: string; readonly password: string },
  database: string,
): MySqlStore {
  const { host, port, user, password } = server;
  return new MySqlStore({
    server: { writer: { host, port }, credentials: () => ({ user, password }) },
    database,
  });
}

function emptyMemoryStore(): StoreUnderTest {
  const store = new MemoryStore();
  return {
    open: () => store,
    childArgument: undefined,
    dispose: () => Promise.resolve(),
  };
}

async function emptyMySqlStore(): Promise<StoreUnderTest> {
  const [server] = (await mysqlServers(1)) as [MysqlServer];
  const database = await freshDatabase(server, 'directory');
  const opened: MySqlStore[] = [];
  const open = () => {
    const store = mysqlStoreAt(server, database.name);
    opened.push(store);
    return store;
  };
  await open().prepare();
  return {
    open,
    childArgument: JSON.stringify({
      store: 'mysql',
      host: server.host,
      port: server.port,
      user: server.user,
      password: server.password,
      database: database.name,
    }),
    dispose: async () => {
      await Promise.all(opened.map((store) => store.close()));
      await database.drop();
    },
  };
}

async function emptyMongoStore(): Promise<StoreUnderTest> {
  const server = await mongoServer();
  if (server === undefined) throw new TypeError(await noMongoReason());
  const database = `directory_${randomBytes(6).toString('hex')}`;
  const opened: { store: MongoStore; client: MongoClient }[] = [];
  const open = () => {
    const client = new MongoClient(server.url, { serverSelectionTimeoutMS: 2_000 });
    const store = new MongoStore({ client, database });
    opened.push({ store, client });
    return store;
  };
  await open().prepare();
  return {
    open,
    childArgument: JSON.stringify({ store: 'mongodb', url: server.url, database }),
    dispose: async () => {
      await opened[0]?.client.db(database).dropDatabase();
      await Promise.all(opened.map(({ client }) => client.close()));
    },
  };
}
