import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPlanner, prepareFleet, thisAuthor } from '@switchyard/migrator';
import { connectToShard } from '@switchyard/mysql';
import type { Connection } from 'mysql2/promise';
import { connectTo, startServers } from '../test/support/servers/index.ts';
import { summarise, timing } from './harness.ts';
import { benchTopology, databaseName } from './migrate-fleet.ts';
import { report } from './report.ts';

// One INSTANT column over 64 databases: our plan and rollout, 8 wide and with a ledger, beside
// TypeORM's runMigrations in a loop over as many DataSources with 50 entities. Each run is a process
// of its own; what its start costs is not counted. Once more with a column that our grammar must be
// loaded for. Then our peak memory, 256 databases over 64.

const RUN = fileURLToPath(new URL('./migrate-run.ts', import.meta.url));
const FEW = 64;
const MANY = 256;
const MEMORY_ROUNDS = 3;
const PLAIN = 'INT NULL';
const PLACED = 'INT NULL AFTER name';

const servers = await startServers({ mysql: 1 });
const folder = await mkdtemp(join(tmpdir(), 'switchyard-bench-'));
let runs = 0;
try {
  const { engine, host, port, user, password } = servers.mysql[0]!;
  process.env['SWITCHYARD_BENCH_SERVER'] = JSON.stringify({
    server: { engine, host, port, user, password },
    lockFile: join(folder, 'switchyard.lock.json'),
  });
  const admin = await connectTo(servers.mysql[0]!);
  await makeDatabases(admin);
  await time(admin, 'instant-64', PLAIN);
  await time(admin, 'instant-64-parsed', PLACED);
  await memory(admin);
  await admin.end();
} finally {
  await servers.stop();
  await rm(folder, { recursive: true, force: true });
}

async function makeDatabases(admin: Connection): Promise<void> {
  for (let i = 0; i < MANY; i++) await admin.query(`CREATE DATABASE ${databaseName(i)}`);
  const { topology, lockFile } = benchTopology(MANY);
  const fleet = {
    topology,
    open: (shard: { name: string }) =>
      connectToShard(topology, shard.name, { identity: 'checked', lockFile }),
    author: thisAuthor(),
    policy: {},
    migrations: [],
    planner: createPlanner(),
  };
  const openUnchecked = (shard: { name: string }) =>
    connectToShard(topology, shard.name, { identity: 'unchecked' });
  await prepareFleet({ topology, lockFile, fleet, openUnchecked });
  for (let i = 0; i < MANY; i++) {
    await admin.query(
      `CREATE TABLE ${databaseName(i)}.account (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
        tenant VARCHAR(40) NOT NULL, name VARCHAR(100) NOT NULL, email VARCHAR(200) NULL,
        created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3))`,
    );
  }
}

async function time(admin: Connection, row: string, column: string): Promise<void> {
  const rounds: number[][] = [];
  const ours = () => run(admin, 'ours', FEW, column);
  const peer = () => run(admin, 'typeorm', FEW, column);
  await peer(); // Warms the server, and is not counted.
  await ours();
  for (let round = 0; round < timing().rounds; round++) {
    const order = round % 2 === 0 ? [0, 1, 2] : [2, 1, 0];
    const ms: number[] = [];
    for (const i of order) ms[i] = (await (i === 1 ? ours() : peer())).ms / FEW;
    rounds.push(ms);
  }
  report(summarise('migrate', row, rounds, 8, 'ms/database'));
}

async function memory(admin: Connection): Promise<void> {
  const rounds: number[][] = [];
  for (let round = 0; round < MEMORY_ROUNDS; round++) {
    const mb: number[] = [];
    for (const n of [FEW, MANY, FEW]) mb.push((await run(admin, 'ours', n, PLAIN)).kb / 1024);
    rounds.push(mb);
  }
  report(summarise('migrate', 'memory-256-over-64', rounds, 8, 'MB peak RSS'));
}

async function run(
  admin: Connection,
  kind: 'ours' | 'typeorm',
  n: number,
  column: string,
): Promise<{ readonly ms: number; readonly kb: number }> {
  const tag = String(++runs);
  const args = [...process.execArgv, RUN, kind, String(n), tag, column];
  const out = execFileSync(process.execPath, args, { encoding: 'utf8' });
  for (let i = 0; i < n; i++) await reset(admin, databaseName(i), tag);
  return JSON.parse(out) as { ms: number; kb: number };
}

/** Back to the same shape, row versions included; not timed. */
async function reset(admin: Connection, database: string, tag: string): Promise<void> {
  await admin.query(`ALTER TABLE ${database}.account DROP COLUMN c_${tag}, ALGORITHM=INPLACE`);
  await admin.query(`DROP TABLE IF EXISTS ${database}.migrations`);
  await admin.query(`DELETE FROM ${database}.shard_ledger`);
}
