import { defineTopology, LockFile, type Topology } from '@switchyard/shard-context';
import { EntitySchema } from 'typeorm';
import type { MysqlServer } from '../test/support/servers/index.ts';

const ENTITIES = 50;

/** Travels in the environment from the benchmark to its runs. */
export interface BenchServer {
  readonly server: Pick<MysqlServer, 'engine' | 'host' | 'port' | 'user' | 'password'>;
  readonly lockFile: string;
}

/** Name of the n-th database. */
export function databaseName(i: number): string {
  return `bench_m${String(i).padStart(3, '0')}`;
}

/** `n` shards on the one server that SWITCHYARD_BENCH_SERVER names. */
export function benchTopology(n: number): {
  readonly topology: Topology;
  readonly lockFile: LockFile;
  readonly server: BenchServer['server'];
} {
  const given = JSON.parse(process.env['SWITCHYARD_BENCH_SERVER'] ?? '{}') as BenchServer;
  const { engine, host, port, user, password } = given.server;
  const topology = defineTopology({
    fleet: 'bench',
    regions: ['us'],
    servers: [
      {
        name: 'one',
        region: 'us',
        engine,
        writer: { host, port },
        credentials: () => ({ user, password }),
      },
    ],
    shards: Array.from({ length: n }, (_, i) => ({
      name: `m${i}`,
      ordinal: i + 1,
      server: 'one',
      database: databaseName(i),
    })),
  });
  return { topology, lockFile: new LockFile(given.lockFile, 'bench'), server: given.server };
}

/** One entity for the table there is, the others to make metadata cost what it costs. */
export function benchEntities(): EntitySchema[] {
  const filler = Array.from({ length: ENTITIES - 1 }, (_, i) => schema(`Filler${i}`, `filler${i}`));
  return [schema('Account', 'account'), ...filler];
}

function schema(name: string, tableName: string): EntitySchema {
  return new EntitySchema({
    name,
    tableName,
    columns: {
      id: { type: 'bigint', primary: true, generated: 'increment' },
      tenant: { type: 'varchar', length: 40 },
      name: { type: 'varchar', length: 100 },
      email: { type: 'varchar', length: 200, nullable: true },
      createdAt: { type: 'datetime', precision: 3, name: 'created_at' },
    },
  });
}
