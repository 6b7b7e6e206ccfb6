import { Directory, Router } from '@switchyard/directory';
import { MySqlStore } from '@switchyard/directory/mysql';
import { ShardedDataSource, ShardTenantTable } from '@switchyard/models';
import { defineTopology, LockFile, ShardContext, type Topology } from '@switchyard/shard-context';
import { Entry } from './entry.ts';

/** A server as a process that is started hears of it. */
export interface ServerSpec {
  readonly name: string;
  readonly engine: 'mysql' | 'mariadb';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** Everything that the processes of a move share; passed as JSON. */
export interface StageSpec {
  readonly servers: readonly ServerSpec[];
  readonly shards: readonly { name: string; ordinal: number; server: string; database: string }[];
  readonly lockFile: string;
  readonly directory: { readonly server: ServerSpec; readonly database: string };
}

/** One process's side of it. */
export interface Stage {
  readonly topology: Topology;
  readonly lockFile: LockFile;
  readonly directory: Directory;
  readonly router: Router;
  readonly shardTenants: ShardTenantTable;
  readonly dataSource: ShardedDataSource;
  close(): Promise<void>;
}

/** The topology that a spec describes. */
export function topologyOf(spec: StageSpec): Topology {
  return defineTopology({
    fleet: 'test',
    regions: ['us'],
    servers: spec.servers.map(({ name, engine, host, port, user, password }) => ({
      name,
      engine,
      region: 'us',
      writer: { host, port },
      credentials: () => ({ user, password }),
    })),
    shards: spec.shards,
  });
}

/** Opens what a process needs. The data source is initialized. */
export async function openStage(spec: StageSpec): Promise<Stage> {
  const topology = topologyOf(spec);
  const lockFile = new LockFile(spec.lockFile, 'test');
  const { host, port, user, password } = spec.directory.server;
  const store = new MySqlStore({
    server: { writer: { host, port }, credentials: () => ({ user, password }) },
    database: spec.directory.database,
  });
  const shardTenants = new ShardTenantTable({ topology, lockFile });
  const keyHash = { current: { id: 'k1', secret: 'a secret of this test' } };
  const directory = new Directory({ store, topology, keyHash, shardTenants });
  const router = new Router({ directory, context: new ShardContext(topology) });
  const pool = { acquireTimeoutMs: 2_000, connectTimeoutMs: 1_000 };
  const dataSource = new ShardedDataSource({ topology, lockFile, entities: [Entry], pool });
  await dataSource.initialize();
  const close = async () => {
    await dataSource.destroy();
    await shardTenants.close();
    await directory.close();
  };
  return { topology, lockFile, directory, router, shardTenants, dataSource, close };
}
