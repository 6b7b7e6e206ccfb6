import { Directory } from '@switchyard/directory';
import { MySqlStore } from '@switchyard/directory/mysql';
import type { Placement, Topology } from '@switchyard/shard-context';
import { freshDatabase, mysqlServers, startTcpProxy } from '../support/servers/index.ts';

/** A directory on a real server, whose store can be stopped and started again. */
export interface StoppableDirectory {
  readonly locator: Directory;
  /** The store's connections break and no new ones are taken. */
  stop(): void;
  /** The store's connections stay open, but nothing comes back. */
  hang(): void;
  start(): void;
  close(): Promise<void>;
}

/** A directory that knows the tenants by the keys `key-<tenant>`, with nothing in its cache yet. */
export async function startDirectory(
  topology: Topology,
  tenants: readonly Placement[],
): Promise<StoppableDirectory> {
  const [server] = await mysqlServers(1);
  if (server === undefined) throw new TypeError('the run has no MySQL server');
  const database = await freshDatabase(server, 'directory');
  const proxy = await startTcpProxy(server);
  const open = () => {
    const { user, password } = server;
    const store = new MySqlStore({
      server: { writer: proxy, credentials: () => ({ user, password }) },
      database: database.name,
    });
    const keyHash = { current: { id: 'k1', secret: 'a secret of this test only' } };
    return new Directory({ store, topology, keyHash });
  };
  await fill(open(), tenants);
  const locator = open();
  return {
    locator,
    stop: () => proxy.cut(),
    hang: () => proxy.stall(),
    start: () => proxy.heal(),
    close: async () => {
      await locator.close();
      await proxy.stop();
      await database.drop();
    },
  };
}

async function fill(directory: Directory, tenants: readonly Placement[]): Promise<void> {
  await directory.prepare();
  for (const { tenant, shard } of tenants) {
    await directory.assign(tenant, { shard });
    await directory.addKey({ kind: 'api-key', value: `key-${tenant}` }, tenant);
  }
  await directory.close();
}
