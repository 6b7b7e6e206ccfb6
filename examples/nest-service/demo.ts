import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { defineFleet, type SwitchyardFleet } from '@switchyard/fleet';
import { startServers, type MysqlServer } from '../../test/support/servers/index.ts';
import { AppModule } from './src/app.module.ts';
import { Account, AuditEntry } from './src/entities.ts';

// One command: starts two servers, prepares a shard on each, and shows that the same code serves
// two tenants on two shards. A third shard is declared and down; no one waits for it.
const running = await startServers({ mysql: 2 });
const secret = randomBytes(32).toString('hex');
const folder = mkdtempSync(join(tmpdir(), 'switchyard-nest-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true })); // on Ctrl-C as well
try {
  await show();
} finally {
  await running.stop();
}

async function show(): Promise<void> {
  await using fleet = defineAll(['us1', 'us2', 'us3']);
  await prepare(['us1', 'us2']);
  const app = await NestFactory.create(AppModule.of(fleet), { logger: ['error'] }); // Nest starts it
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  for (const tenant of ['acme', 'globex']) await visit(url, tenant);
  await app.close();
}

/** The fleet with some of its shards. The server of the third one is not there. */
function defineAll(names: readonly string[]): SwitchyardFleet {
  const [first, second] = running.mysql as [MysqlServer, MysqlServer];
  const servers = [first, second, { ...first, port: 1 }].map(
    ({ engine, host, port, user, password }) => ({
      ...{ region: 'us', engine, writer: { host, port } },
      credentials: () => ({ user, password }),
    }),
  );
  const shards = servers.map((server, i) => ({
    ...{ name: `us${i + 1}`, ordinal: i + 1, server, database: 'accounts' },
  }));
  return defineFleet({
    config: pathToFileURL(join(folder, 'switchyard.config.ts')),
    fleet: 'nest-demo',
    regions: ['us'],
    shards: shards.filter(({ name }) => names.includes(name)),
    directory: { server: 'us1', keyHash: { current: { id: 'k1', secret } } },
    entities: [Account, AuditEntry],
  });
}

/** While all its shards are there: the third one is added, and is down, later. */
async function prepare(names: readonly string[]): Promise<void> {
  await using fleet = await defineAll(names).start();
  await fleet.prepare({ createDatabases: true });
  for (const shard of names) {
    await fleet.context.onShard(shard, () => fleet.dataSource.synchronize());
  }
  // A tenant's first shard is chosen when every shard has said that it does not know the tenant.
  for (const [tenant, shard] of [
    ['acme', 'us1'],
    ['globex', 'us2'],
  ] as const) {
    await fleet.directory.assign(tenant, { shard });
    await fleet.directory.addKey({ kind: 'api-key', value: `key-of-${tenant}` }, tenant);
  }
}

async function visit(url: string, tenant: string): Promise<void> {
  const headers = { 'x-api-key': `key-of-${tenant}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ name: `first of ${tenant}` });
  const added = await fetch(`${url}/accounts`, { method: 'POST', headers, body });
  const listed = await fetch(`${url}/accounts`, { headers });
  const audit = await fetch(`${url}/audit`, { headers });
  console.log(tenant, await added.json(), await listed.json(), await audit.json());
}
