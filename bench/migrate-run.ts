// One run of `migrate.bench.ts` in a process of its own: node … migrate-run.ts <ours|typeorm> <n> <tag> <column>
import 'reflect-metadata';
import { performance } from 'node:perf_hooks';
import {
  createPlanner,
  forecastFleet,
  loadMigrations,
  rollOut,
  thisAuthor,
  type Fleet,
} from '@switchyard/migrator';
import { connectToShard } from '@switchyard/mysql';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { benchEntities, benchTopology, databaseName } from './migrate-fleet.ts';

const [kind, count, tag, column] = process.argv.slice(2);
const n = Number(count);
const { topology, lockFile, server } = benchTopology(n);

const began = performance.now();
if (kind === 'ours') await ours();
else await typeorm();
console.log(JSON.stringify({ ms: performance.now() - began, kb: process.resourceUsage().maxRSS }));
process.exit(0);

function migration(): new () => MigrationInterface {
  return class {
    readonly name = `Add${tag}x1790000000000`;

    async up(runner: QueryRunner): Promise<void> {
      await runner.query(`ALTER TABLE account ADD COLUMN c_${tag} ${column}`);
    }

    async down(): Promise<void> {
      // Not measured.
    }
  };
}

async function ours(): Promise<void> {
  const fleet: Fleet = {
    topology,
    open: (shard) => connectToShard(topology, shard.name, { identity: 'checked', lockFile }),
    author: thisAuthor(),
    policy: { perServer: 8, total: 8 },
    migrations: await loadMigrations([migration()]),
    planner: createPlanner({ entities: benchEntities() }),
  };
  const request = { direction: 'up' } as const;
  const { outcomes } = await rollOut(fleet, request, await forecastFleet(fleet, request));
  const bad = outcomes.find(({ result }) => result !== 'done');
  if (bad !== undefined) throw new Error(JSON.stringify(bad));
}

/** The peer's way: a DataSource per database, one after the other. */
async function typeorm(): Promise<void> {
  for (let i = 0; i < n; i++) {
    const dataSource = new DataSource({
      type: 'mysql',
      host: server.host,
      port: server.port,
      username: server.user,
      password: server.password,
      database: databaseName(i),
      entities: benchEntities(),
      migrations: [migration()],
      poolSize: 2,
    });
    await dataSource.initialize();
    await dataSource.runMigrations();
    await dataSource.destroy();
  }
}
