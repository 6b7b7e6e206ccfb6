import { defineTopology, type Topology } from '@switchyard/shard-context';

/** Three shards in two regions; nothing listens there. */
export function smallFleet(): Topology {
  const server = (name: string, region: string) => ({
    name,
    region,
    engine: 'mysql' as const,
    writer: { host: `${name}.invalid` },
    credentials: () => ({ user: 'u', password: 'p' }),
  });
  return defineTopology({
    fleet: 'test',
    regions: ['us', 'eu'],
    servers: [server('db-us1', 'us'), server('db-us2', 'us'), server('db-eu1', 'eu')],
    shards: [
      { name: 'us1', ordinal: 1, server: 'db-us1', database: 'app' },
      { name: 'us2', ordinal: 2, server: 'db-us2', database: 'app' },
      { name: 'eu1', ordinal: 3, server: 'db-eu1', database: 'app' },
    ],
  });
}

/** A secret of the tests. */
export const KEY_HASH = { current: { id: 'h1', secret: 'a secret of the tests, 32 bytes..' } };
