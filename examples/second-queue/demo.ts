import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Directory, Router } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import {
  prepareShard,
  RecordFinder,
  ShardedDataSource,
  ShardTenantTable,
} from '@switchyard/models';
import { currentFrame, defineTopology, LockFile, ShardContext } from '@switchyard/shard-context';
import { connectTo, withServers, type RunningServers } from '../../test/support/servers/index.ts';
import { Account } from './src/account.ts';
import { ShardedBeeQueue } from './src/sharded-bee-queue.ts';

// One command: starts two servers and Redis, prepares a shard on each, and sends jobs of two tenants
// through bee-queue. Both have an account of the same id: each job gets its own, on its own shard.
const HOMES = { acme: 'us1', globex: 'us2' };
const JOBS_EACH = 3;

await withServers({ mysql: 2, redis: true }, async (servers) => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bees-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true })); // on Ctrl-C as well
  await show(servers, servers.redis!.url, join(folder, 'switchyard.lock.json'));
});

async function show(servers: RunningServers, redis: string, lockFilePath: string): Promise<void> {
  const topology = await declare(servers);
  const context = new ShardContext(topology);
  const lockFile = new LockFile(lockFilePath, topology.fleet);
  const dataSource = new ShardedDataSource({ topology, lockFile, entities: [Account] });
  await dataSource.initialize();
  for (const { name: shard } of topology.shards) {
    await prepareShard({ topology, shard, lockFile });
    await context.onShard(shard, () => dataSource.synchronize());
  }
  const shardTenants = new ShardTenantTable({ topology, lockFile });
  const keyHash = { current: { id: 'k1', secret: randomBytes(32).toString('hex') } };
  const directory = new Directory({ store: new MemoryStore(), topology, keyHash, shardTenants });
  for (const [tenant, shard] of Object.entries(HOMES)) await directory.assign(tenant, { shard });

  const router = new Router({ directory, context });
  const records = new RecordFinder(dataSource, directory);
  const queue = new ShardedBeeQueue<{ account: Account }>('bees', {
    redis: { url: redis },
    prefix: `demo-${randomBytes(4).toString('hex')}`,
    sharding: { context, locator: directory, records },
  });
  const allDone = work(queue, dataSource);
  const accounts = dataSource.getRepository(Account);
  for (const tenant of Object.keys(HOMES)) {
    await router.onTenant(tenant, async () => {
      const account = await accounts.save({ id: 'main', name: `account of ${tenant}` });
      for (let i = 0; i < JOBS_EACH; i++) await queue.add({ account });
    });
  }
  await allDone;
  for (const tenant of Object.keys(HOMES)) {
    const rows = await router.onTenant(tenant, () => accounts.find());
    console.log(
      tenant,
      rows.map(({ id, name, jobs }) => `${id}: ${name}, ${jobs} jobs`),
    );
  }
  await queue.close();
  for (const opened of [directory, shardTenants]) await opened.close();
  await dataSource.destroy();
}

/** The worker: no line says shard or tenant. Resolves when all jobs have run. */
function work(
  queue: ShardedBeeQueue<{ account: Account }>,
  dataSource: ShardedDataSource,
): Promise<void> {
  let left = Object.keys(HOMES).length * JOBS_EACH;
  return new Promise((resolve) => {
    queue.process(1, async ({ account }) => {
      await dataSource.getRepository(Account).increment({ id: account.id }, 'jobs', 1);
      const { shard, tenant } = currentFrame()!.place!;
      console.log(`a job of ${tenant} on ${shard}, with the ${account.name}`);
      if (--left === 0) resolve();
    });
  });
}

async function declare({ mysql }: RunningServers) {
  for (const server of mysql) {
    const connection = await connectTo(server);
    await connection.query('CREATE DATABASE bees');
    await connection.end();
  }
  return defineTopology({
    fleet: 'bees-demo',
    regions: ['us'],
    servers: mysql.map(({ engine, host, port, user, password }, i) => ({
      name: `us-${i + 1}`,
      region: 'us',
      engine,
      writer: { host, port },
      credentials: () => ({ user, password }),
    })),
    shards: [1, 2].map((n) => ({
      name: `us${n}`,
      ordinal: n,
      server: `us-${n}`,
      database: 'bees',
    })),
  });
}
