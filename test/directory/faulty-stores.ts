import type { DirectoryStore } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import { MongoStore } from '@switchyard/directory/mongodb';
import { MongoClient } from 'mongodb';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  connectTo,
  startMongoServer,
  startMysqlServer,
  startTcpProxy,
  type ServerControl,
  type TcpProxy,
} from '../support/servers/index.ts';
import { mysqlStoreAt, type StoreName } from './stores.ts';

/** A store on a server of its own, which counts, and which the test may stop and slow down. */
export interface FaultyStore {
  /** A store of its own on the same rows. */
  open(): DirectoryStore;
  /** Reads of rows that the server itself has counted. */
  countReads(): Promise<number>;
  /** `kill -9` of the server. */
  stopServer(): Promise<void>;
  startServer(): Promise<void>;
  /** Lets every answer come that much later. */
  delay(ms: number): void;
  /** Swallows everything and closes nothing, until `heal`. */
  stall(): void;
  heal(): void;
  /** Most connections that were open at once, as the proxy saw them; 0 in memory. */
  connections(): number;
  dispose(): Promise<void>;
}

const DATABASE = 'directory_faults';

/** An empty, prepared store on a server that belongs to the caller. */
export async function faultyStore(name: StoreName): Promise<FaultyStore> {
  if (name === 'mysql') return faultyMySql();
  if (name === 'mongodb') return faultyMongo();
  return faultyMemory();
}

async function faultyMySql(): Promise<FaultyStore> {
  const server = await startMysqlServer({ name: 'directory-faults' });
  const proxy = await startTcpProxy(server);
  const { user, password } = server;
  const address = { host: proxy.host, port: proxy.port, user, password };
  const countReads = async () => {
    const connection = await connectTo(server);
    try {
      const [rows] = await connection.query("show global status like 'Com_select'");
      return Number((rows as { Value: string }[])[0]?.Value);
    } finally {
      await connection.end();
    }
  };
  const open = () => mysqlStoreAt(address, DATABASE);
  return faulty(open, proxy, server, countReads);
}

async function faultyMongo(): Promise<FaultyStore> {
  const server = await startMongoServer('directory-faults');
  const proxy = await startTcpProxy(server);
  const url = `mongodb://${proxy.host}:${proxy.port}/?directConnection=true`;
  const countReads = async () => {
    const client = new MongoClient(server.url);
    const status = await client.db('admin').command({ serverStatus: 1 });
    await client.close();
    const { commands } = status['metrics'] as {
      commands: Record<string, { total: number } | undefined>;
    };
    return (commands['find']?.total ?? 0) + (commands['aggregate']?.total ?? 0);
  };
  const open = () => new MongoStore({ url, database: DATABASE });
  return faulty(open, proxy, server, countReads);
}

function faulty(
  open: () => DirectoryStore,
  proxy: TcpProxy,
  server: ServerControl,
  countReads: () => Promise<number>,
): FaultyStore {
  const stores: DirectoryStore[] = [];
  return {
    open: () => {
      const store = open();
      stores.push(store);
      return store;
    },
    countReads,
    stopServer: async () => {
      await server.kill();
      proxy.resetConnections();
    },
    startServer: () => server.restart(),
    delay: (ms) => proxy.delay(ms),
    stall: () => proxy.stall(),
    heal: () => proxy.heal(),
    connections: () => proxy.connections,
    dispose: async () => {
      await Promise.all(stores.map((store) => store.close()));
      await proxy.stop();
      await server.stop();
    },
  };
}

/** Faults around the memory store, which has no server to stop. */
function faultyMemory(): FaultyStore {
  const inner = new MemoryStore();
  let reads = 0;
  let down = false;
  let delayMs = 0;
  let healed = Promise.resolve();
  let heal = () => {};
  const store = new Proxy(inner, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        if (down) throw new TypeError('the store is stopped');
        if (property === 'findKeys' || property === 'findPlacements') reads += 1;
        await healed;
        if (delayMs > 0) await sleep(delayMs);
        return Reflect.apply(value, target, args) as unknown;
      };
    },
  });
  return {
    open: () => store,
    countReads: () => Promise.resolve(reads),
    stopServer: () => Promise.resolve(void (down = true)),
    startServer: () => Promise.resolve(void (down = false)),
    delay: (ms) => void (delayMs = ms),
    stall: () => void (healed = new Promise((resolve) => (heal = resolve))),
    heal: () => heal(),
    connections: () => 0,
    dispose: () => Promise.resolve(),
  };
}
