import { randomUUID } from 'node:crypto';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { ShardedDataSource } from '@switchyard/models';
import {
  defineTopology,
  ShardContext,
  type Locator,
  type Placement,
} from '@switchyard/shard-context';
import { KeyUnknownError, TenantUnknownError } from '@switchyard/shard-context/internal';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppModule } from '../../examples/nest-service/src/app.module.ts';
import { Account, AuditEntry } from '../../examples/nest-service/src/entities.ts';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

const HOMES: Record<string, string> = { t_1: 'us1', t_2: 'us2', t_3: 'us3' };
const locator: Locator = {
  locateKey: ({ kind, value }) => {
    const tenant = value.replace('key-of-', '');
    if (!(tenant in HOMES)) return Promise.reject(new KeyUnknownError(kind));
    return Promise.resolve(placementOf(tenant));
  },
  locateTenant: (tenant) =>
    tenant in HOMES
      ? Promise.resolve(placementOf(tenant))
      : Promise.reject(new TenantUnknownError(tenant)),
};

let fleet: Fleet;
let app: INestApplication;
let url: string;
beforeAll(async () => {
  fleet = await startFleet({
    entities: [Account, AuditEntry],
    tenants: { us1: ['t_1'], us2: ['t_2'] },
  });
  app = await NestFactory.create(AppModule.of(await withShardDown()), {
    logger: false,
  });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
});
afterAll(async () => {
  await app?.close();
  await fleet?.stop();
});

/** The fleet's own two shards, and a third one whose server no one reaches. */
async function withShardDown() {
  const [server] = fleet.servers;
  await fleet.lockFile.record({ us3: { uuid: randomUUID(), incarnation: 1 } });
  const down = { ...server!, name: 'down', writer: { host: '127.0.0.1', port: 1 } };
  const topology = defineTopology({
    fleet: fleet.topology.fleet,
    regions: fleet.topology.regions,
    servers: [...fleet.servers, down],
    shards: [...fleet.shards, { name: 'us3', ordinal: 3, server: 'down', database: 'nothing' }],
  });
  const { lockFile } = fleet;
  const dataSource = new ShardedDataSource({ topology, lockFile, entities: [Account, AuditEntry] });
  return { dataSource, routing: { locator, context: new ShardContext(topology) } };
}

function placementOf(tenant: string): Placement {
  return { tenant, shard: HOMES[tenant] as string, epoch: 1, state: 'active' };
}

function request(path: string, tenant?: string, body?: object): Promise<Response> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (tenant !== undefined) headers['x-api-key'] = `key-of-${tenant}`;
  if (body === undefined) return fetch(`${url}${path}`, { headers });
  return fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

describe('a Nest application with a shard that is down', () => {
  it('boots, and serves the tenants of the other shards by injected repositories', async () => {
    for (const tenant of ['t_1', 't_2']) {
      const added = await request('/accounts', tenant, { name: `account of ${tenant}` });
      expect(added.status).toBe(201);
      expect(await added.json()).toMatchObject({ tenantId: tenant });
      expect(await (await request('/accounts', tenant)).json()).toEqual([`account of ${tenant}`]);
    }
    expect(await fleet.rows('us1', 'SELECT tenantId FROM account')).toEqual([{ tenantId: 't_1' }]);
    expect(await fleet.rows('us2', 'SELECT tenantId FROM account')).toEqual([{ tenantId: 't_2' }]);
  });

  it('fires its injected subscriber, in the transaction and on the shard of the insert', async () => {
    expect(await (await request('/audit', 't_2')).json()).toEqual(['added account of t_2']);
    expect(await fleet.rows('us1', 'SELECT tenantId, what FROM audit_entry')).toEqual([
      { tenantId: 't_1', what: 'added account of t_1' },
    ]);
  });

  it('answers 503 for the tenant of the shard that is down, and goes on serving the others', async () => {
    expect((await request('/accounts', 't_3')).status).toBe(503);
    expect((await request('/accounts', 't_1')).status).toBe(200);
  });

  it('answers 404 for an unknown key, and 500 for a route that needs a shard without a key', async () => {
    expect((await request('/accounts', 'nobody')).status).toBe(404);
    const without = await request('/accounts');
    expect(without.status).toBe(500);
    expect(await without.json()).toMatchObject({ code: 'SHARD_CONTEXT_MISSING' });
  });

  it('serves many requests of both tenants at once, each its own rows', async () => {
    const tenants = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 't_1' : 't_2'));
    const answers = await Promise.all(
      tenants.map(async (tenant) => (await request('/accounts', tenant)).json()),
    );
    expect(answers).toEqual(tenants.map((tenant) => [`account of ${tenant}`]));
  });
});

describe('examples/nest-service', () => {
  it('starts with one command and shows two tenants on two shards', async () => {
    const folder = fileURLToPath(new URL('../../examples/nest-service', import.meta.url));
    const args = ['--conditions=source', '--import=tsx', 'demo.ts'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    expect(stdout).toContain("'first of acme'");
    expect(stdout).toContain("'added first of globex'");
  });
});
