import { defineFleet, serverAt, type FleetShard } from '@switchyard/fleet';
import { Invoice } from './src/invoice.ts';
import { migrations } from './src/migrations.ts';

/** A shard in the database that a URL names: `mysql://user:password@host:port/app`. */
function shardIn(url: string, name: string, ordinal: number): FleetShard {
  const database = new URL(url).pathname.slice(1);
  const server = serverAt(url.slice(0, -database.length));
  return { name, ordinal, database, server: { region: 'us', ...server } };
}

const first = process.env['FIRST_DATABASE'] ?? 'mysql://root@127.0.0.1:3306/app';
const second = process.env['SECOND_DATABASE']; // set when the time for it has come

/** One shard when the application is adopted; the second one is added later. */
export default defineFleet({
  config: import.meta.url,
  fleet: 'billing',
  regions: ['us'],
  shards: [shardIn(first, 'us1', 1), ...(second === undefined ? [] : [shardIn(second, 'us2', 2)])],
  directory: {
    server: 'us1',
    keyHash: { current: { id: 'k1', secret: process.env['KEY_HASH_SECRET'] ?? '' } },
  },
  entities: [Invoice],
  migrations,
  ...(process.env['SWITCHYARD_LOCK_FILE'] && { lockFile: process.env['SWITCHYARD_LOCK_FILE'] }),
});
