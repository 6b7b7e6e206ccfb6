import 'reflect-metadata';
import type { SwitchyardConfig } from '@switchyard/cli';
import { defineTopology, LockFile } from '@switchyard/shard-context';
import { Invoice } from './src/invoice.ts';
import { migrations } from './src/migrations.ts';

const first = new URL(process.env['FIRST_DATABASE'] ?? 'mysql://root@127.0.0.1:3306/app');
const second = process.env['SECOND_DATABASE']; // set when the time for it has come
const engine = process.env['DB_ENGINE'] === 'mysql' ? 'mysql' : 'mariadb';

/** One shard when the application is adopted; the second one is added later. */
export const topology = defineTopology({
  fleet: 'billing',
  regions: ['us'],
  servers: [server('a', first), ...(second === undefined ? [] : [server('b', new URL(second))])],
  shards: [
    { name: 'us1', ordinal: 1, server: 'a', database: first.pathname.slice(1) },
    ...(second === undefined
      ? []
      : [{ name: 'us2', ordinal: 2, server: 'b', database: new URL(second).pathname.slice(1) }]),
  ],
});

export const lockFile = new LockFile(
  process.env['SWITCHYARD_LOCK_FILE'] ?? new URL('switchyard.lock.json', import.meta.url),
  topology.fleet,
);

function server(name: string, { hostname, port, username, password }: URL) {
  return {
    name,
    region: 'us',
    engine,
    writer: { host: hostname, port: Number(port) },
    credentials: () => ({ user: username, password }),
  } as const;
}

export default {
  topology,
  lockFile,
  entities: [Invoice],
  migrations,
} satisfies SwitchyardConfig;
