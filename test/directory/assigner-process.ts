import { Directory } from '@switchyard/directory';
import { MongoStore } from '@switchyard/directory/mongodb';
import { ShardTenantTable } from '@switchyard/models';
import { defineTopology, LockFile, type ShardTenants } from '@switchyard/shard-context';
import { createInterface } from 'node:readline';
import { KEY_HASH } from './fleet.ts';
import { mysqlStoreAt } from './stores.ts';

// A process that assigns tenants: a line in, `{ tenant, shard }`; a line out, the placement. Started
// with `dies`, it is killed after the directory has stored the placement, before the shard is told.

/** What the process is told at its start. */
export interface AssignerStart {
  readonly store: string;
  readonly lockFile: string;
  readonly dies: boolean;
  readonly servers: readonly {
    readonly name: string;
    readonly region: string;
    readonly engine: 'mysql' | 'mariadb';
    readonly writer: { readonly host: string; readonly port: number };
    readonly user: string;
    readonly password: string;
  }[];
  readonly shards: readonly {
    readonly name: string;
    readonly ordinal: number;
    readonly server: string;
    readonly database: string;
  }[];
}

const start = JSON.parse(process.argv[2]!) as AssignerStart;
const topology = defineTopology({
  fleet: 'test',
  regions: ['us', 'eu'],
  servers: start.servers.map(({ user, password, ...server }) => ({
    ...server,
    credentials: () => ({ user, password }),
  })),
  shards: start.shards,
});
const table = new ShardTenantTable({ topology, lockFile: new LockFile(start.lockFile, 'test') });
const directory = new Directory({
  store: openStore(start.store),
  topology,
  keyHash: KEY_HASH,
  shardTenants: start.dies ? killedBeforeAdmitting(table) : table,
  cache: { pollMs: 0 },
});

for await (const line of createInterface({ input: process.stdin })) {
  const { tenant, shard } = JSON.parse(line) as { tenant: string; shard: string };
  const answer = await directory.assign(tenant, { shard }).catch((error: unknown) => String(error));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await directory.close();
await table.close();

function openStore(argument: string) {
  const { store, ...rest } = JSON.parse(argument) as Record<string, never>;
  if (store === 'mysql') return mysqlStoreAt(rest as never, rest['database'] as never);
  return new MongoStore(rest as never);
}

function killedBeforeAdmitting(tenants: ShardTenants): ShardTenants {
  return new Proxy(tenants, {
    get(target, property) {
      if (property === 'admit') return () => process.kill(process.pid, 'SIGKILL');
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
