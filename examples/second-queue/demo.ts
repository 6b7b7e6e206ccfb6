import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { currentShard, currentTenant, defineFleet, type SwitchyardFleet } from '@switchyard/fleet';
import { withServers, type RunningServers } from '../../test/support/servers/index.ts';
import { Account } from './src/account.ts';
import { ShardedBeeQueue } from './src/sharded-bee-queue.ts';

// One command: starts two servers and Redis, prepares a shard on each, and sends jobs of two tenants
// through bee-queue. Both have an account of the same id: each job gets its own, on its own shard.
const HOMES = { acme: 'us1', globex: 'us2' };
const JOBS_EACH = 3;

await withServers({ mysql: 2, redis: true }, async (servers) => {
  const folder = mkdtempSync(join(tmpdir(), 'switchyard-bees-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true })); // on Ctrl-C as well
  await using fleet = await define(servers, folder).start();
  await show(fleet, servers.redis!.url);
});

async function show(fleet: SwitchyardFleet, redis: string): Promise<void> {
  const { context, dataSource, directory, router, sharding, topology } = fleet;
  await fleet.prepare({ createDatabases: true });
  for (const { name } of topology.shards) {
    await context.onShard(name, () => dataSource.synchronize());
  }
  for (const [tenant, shard] of Object.entries(HOMES)) await directory.assign(tenant, { shard });
  const queue = new ShardedBeeQueue<{ account: Account }>('bees', {
    redis: { url: redis },
    prefix: `demo-${randomBytes(4).toString('hex')}`,
    sharding,
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
}

/** The worker: no line says shard or tenant. Resolves when all jobs have run. */
function work(
  queue: ShardedBeeQueue<{ account: Account }>,
  dataSource: SwitchyardFleet['dataSource'],
): Promise<void> {
  let left = Object.keys(HOMES).length * JOBS_EACH;
  return new Promise((resolve) => {
    queue.process(1, async ({ account }) => {
      await dataSource.getRepository(Account).increment({ id: account.id }, 'jobs', 1);
      console.log(`a job of ${currentTenant()} on ${currentShard()}, with the ${account.name}`);
      if (--left === 0) resolve();
    });
  });
}

function define({ mysql }: RunningServers, folder: string): SwitchyardFleet {
  return defineFleet({
    config: pathToFileURL(join(folder, 'switchyard.config.ts')),
    fleet: 'bees-demo',
    regions: ['us'],
    shards: mysql.map(({ engine, host, port, user, password }, i) => ({
      name: `us${i + 1}`,
      ordinal: i + 1,
      database: 'bees',
      server: {
        ...{ region: 'us', engine, writer: { host, port } },
        credentials: () => ({ user, password }),
      },
    })),
    directory: {
      server: 'us1',
      keyHash: { current: { id: 'k1', secret: randomBytes(32).toString('hex') } },
    },
    entities: [Account],
  });
}
