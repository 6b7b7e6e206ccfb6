import { outsideContext } from '@switchyard/shard-context';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { auditShard } from '../../examples/verification-service/demo/audit.ts';
import {
  startService,
  switchyard,
  type Service,
} from '../../examples/verification-service/demo/processes.ts';
import {
  startDemoServers,
  type DemoServers,
} from '../../examples/verification-service/demo/servers.ts';
import {
  assignTenants,
  closeConfig,
  writeTemplates,
} from '../../examples/verification-service/demo/tenants.ts';
import type { Tenant } from '../../examples/verification-service/demo/traffic.ts';

const config = async () =>
  (await import('../../examples/verification-service/switchyard.config.ts')).default;

function nothingListens({ env }: DemoServers): string {
  const url = new URL(env['EU1_URL'] as string);
  url.port = '9';
  return url.href;
}

/** The example service, broken on purpose in the three ways that cost data elsewhere. */
describe('a wrong turn in the verification service', () => {
  let servers: DemoServers;
  let tenants: Tenant[];
  let service: Service | undefined;

  beforeAll(async () => {
    servers = await startDemoServers();
    Object.assign(process.env, servers.env);
    for (const command of ['prepare', 'migrate']) {
      await switchyard([command], servers.env, () => undefined);
    }
    tenants = await assignTenants();
    await writeTemplates();
  });
  afterEach(async () => {
    await service?.stop();
    service = undefined;
  });
  afterAll(async () => {
    await closeConfig();
    await servers.stop();
  });

  it('a shard that points at the database of another is refused; the others are served', async () => {
    const us1 = servers.env['US1_URL'] as string;
    const elsewhere = us1.replace('127.0.0.1', 'localhost'); // not the same text, the same database
    service = await startService({ ...servers.env, US2_URL: elsewhere });
    const [right, wrong] = [tenantOn('us1'), tenantOn('us2')];

    const answers = await Promise.all([openInquiry(right), openInquiry(wrong)]);

    expect(answers.map(({ status }) => status)).toEqual([201, 500]);
    expect(answers[1]?.body).toMatchObject({ code: 'SHARD_IDENTITY' });
    expect(await rowsOf('us1', wrong)).toBe(0);
    expect(await rowsOf('us2', wrong)).toBe(0);
  });

  it('a shard that is down fails alone: the service starts and serves the others', async () => {
    service = await startService({ ...servers.env, EU1_URL: nothingListens(servers) });

    const answers = await Promise.all([openInquiry(tenantOn('us1')), openInquiry(tenantOn('eu1'))]);

    expect(answers.map(({ status }) => status)).toEqual([201, 503]);
    expect(answers[1]?.body).toMatchObject({ code: 'SHARD_UNAVAILABLE' });
  });

  it('code that dropped its context is refused with SHARD_CONTEXT_MISSING', async () => {
    const { context, dataSource } = await config();
    const { Account } = await import('../../examples/verification-service/src/entities/account.ts');
    const tenant = tenantOn('eu1');
    const accounts = dataSource.getRepository(Account);

    const writing = context.onPlacement({ tenant: tenant.name, shard: 'eu1', epoch: 1 }, () =>
      outsideContext(() => accounts.save({ reference: 'dropped', tenantId: tenant.name })),
    );

    await expect(writing).rejects.toMatchObject({ code: 'SHARD_CONTEXT_MISSING' });
    expect(await rowsOf('eu1', tenant)).toBe(0);
  });

  it("another tenant's row is refused before any SQL", async () => {
    const { context, dataSource } = await config();
    const { Account } = await import('../../examples/verification-service/src/entities/account.ts');
    const [mine, other] = tenants.filter(({ shard }) => shard === 'us2') as [Tenant, Tenant];

    const writing = context.onPlacement({ tenant: mine.name, shard: 'us2', epoch: 1 }, () =>
      dataSource.getRepository(Account).save({ reference: 'theirs', tenantId: other.name }),
    );

    await expect(writing).rejects.toMatchObject({ code: 'TENANT_MISMATCH' });
    expect(await rowsOf('us2', mine)).toBe(0);
    expect(await rowsOf('us2', other)).toBe(0);
  });

  it('and a row that got astray all the same would be counted by the audit of the demo', async () => {
    const us2 = servers.shards.find(({ shard }) => shard === 'us2') as {
      shard: string;
      uri: string;
    };
    const { name } = tenantOn('us1');
    const connection = await createConnection(us2.uri);
    try {
      expect(await auditShard(us2, tenants, [])).toMatchObject({ misrouted: 0, lost: 0 });
      await connection.query("INSERT INTO account (tenant_id, reference) VALUES (?, 'x')", [name]);
      const promised = { id: 'an-inquiry-that-is-not-there', tenant: tenantOn('us2').name };
      expect(await auditShard(us2, tenants, [promised])).toMatchObject({ misrouted: 1, lost: 1 });
    } finally {
      await connection.query("DELETE FROM account WHERE reference = 'x'");
      await connection.end();
    }
  });

  const tenantOn = (shard: string) => tenants.find((tenant) => tenant.shard === shard) as Tenant;

  async function openInquiry({ key }: Tenant) {
    const response = await fetch(`${service?.url}/inquiries`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: JSON.stringify({ reference: 'customer' }),
    });
    return { status: response.status, body: (await response.json()) as object };
  }

  async function rowsOf(shard: string, { name }: Tenant): Promise<number> {
    const { uri } = servers.shards.find((address) => address.shard === shard) as { uri: string };
    const connection = await createConnection({ uri });
    const [[row]] = await connection.query<RowDataPacket[]>(
      'SELECT COUNT(*) AS n FROM account WHERE tenant_id = ?',
      [name],
    );
    await connection.end();
    return Number(row?.['n']);
  }
});
