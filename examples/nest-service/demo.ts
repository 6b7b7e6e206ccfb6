import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { Directory } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import { prepareShard, ShardedDataSource, ShardTenantTable } from '@switchyard/models';
import { defineTopology, LockFile, ShardContext } from '@switchyard/shard-context';
import { connectTo, startServers } from '../../test/support/servers/index.ts';
import { AppModule } from './src/app.module.ts';
import { Account, AuditEntry } from './src/entities.ts';

// One command: starts two servers, prepares a shard on each, and shows that the same code serves
// two tenants on two shards. A third shard is declared and down; nobody waits for it.
const running = await startServers({ mysql: 2 });
const folder = mkdtempSync(join(tmpdir(), 'switchyard-nest-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true })); // on Ctrl-C as well
try {
  await show();
} finally {
  await running.stop();
}

async function show(): Promise<void> {
  for (const server of running.mysql) {
    const connection = await connectTo(server);
    await connection.query('CREATE DATABASE accounts');
    await connection.end();
  }
  const topology = declare();
  const lockFile = new LockFile(join(folder, 'switchyard.lock.json'), topology.fleet);
  await prepare(['us1', 'us2'], { topology, lockFile });
  const keyHash = { current: { id: 'k1', secret: randomBytes(32).toString('hex') } };
  const shardTenants = new ShardTenantTable({ topology, lockFile });
  const directory = new Directory({ store: new MemoryStore(), topology, keyHash, shardTenants });
  for (const [tenant, shard] of [
    ['acme', 'us1'],
    ['globex', 'us2'],
  ] as const) {
    await directory.assign(tenant, { shard });
    await directory.addKey({ kind: 'api-key', value: `key-of-${tenant}` }, tenant);
  }
  const app = await NestFactory.create(AppModule.of({ topology, lockFile, locator: directory }), {
    logger: ['error'],
  });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  for (const tenant of ['acme', 'globex']) await visit(url, tenant);
  await app.close();
  await directory.close();
  await shardTenants.close();
}

function declare() {
  const [first, second] = running.mysql;
  const servers = [first, second].map((server, i) => ({
    name: `us-${i + 1}`,
    region: 'us',
    engine: server!.engine,
    writer: { host: server!.host, port: server!.port },
    credentials: () => ({ user: server!.user, password: server!.password }),
  }));
  const down = { ...servers[0]!, name: 'us-3', writer: { host: '127.0.0.1', port: 1 } };
  return defineTopology({
    fleet: 'nest-demo',
    regions: ['us'],
    servers: [...servers, down],
    shards: [1, 2, 3].map((n) => ({
      name: `us${n}`,
      ordinal: n,
      server: `us-${n}`,
      database: 'accounts',
    })),
  });
}

async function prepare(
  shards: readonly string[],
  fleet: { topology: ReturnType<typeof declare>; lockFile: LockFile },
): Promise<void> {
  const dataSource = new ShardedDataSource({ ...fleet, entities: [Account, AuditEntry] });
  await dataSource.initialize();
  for (const shard of shards) {
    await prepareShard({ ...fleet, shard });
    await new ShardContext(fleet.topology).onShard(shard, () => dataSource.synchronize());
  }
  await dataSource.destroy();
}

async function visit(url: string, tenant: string): Promise<void> {
  const headers = { 'x-api-key': `key-of-${tenant}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ name: `first of ${tenant}` });
  const added = await fetch(`${url}/accounts`, { method: 'POST', headers, body });
  const listed = await fetch(`${url}/accounts`, { headers });
  const audit = await fetch(`${url}/audit`, { headers });
  console.log(tenant, await added.json(), await listed.json(), await audit.json());
}
