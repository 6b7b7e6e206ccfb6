import { ShardedFlowProducer, ShardedQueue } from '@switchyard/shard-context/bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Building, kill } from '../jobs/building.ts';
import { Account } from '../jobs/house.ts';

const TENANTS = Array.from({ length: 9 }, (_, i) => `t_${i}`);
const SHARD_OF = (i: number) => ['us1', 'us2', 'us3'][i % 3]!;

let building: Building;
/** Every job that was enqueued, and the tenant whose it is. */
const expected = new Map<string, string>();
const accounts: Account[] = [];

beforeAll(async () => {
  building = await Building.raise(TENANTS);
  const { house } = building;
  // The same ids on all three shards, so that a job on a wrong one finds somebody else's row.
  for (const [i, tenantId] of TENANTS.entries()) {
    const id = String(1 + Math.floor(i / 3));
    await building.rows(SHARD_OF(i), 'INSERT INTO account (id, tenant_id, name) VALUES (?, ?, ?)', [
      id,
      tenantId,
      '',
    ]);
    const found = await house.for(tenantId, () =>
      house.dataSource.getRepository(Account).findOneByOrFail({ id }),
    );
    accounts.push(found);
  }
});
afterAll(() => building.demolish());

const accountOf = (i: number) => accounts[i % accounts.length]!;

function named(kind: string, i: number, suffix = ''): { jobId: string } {
  const jobId = `${kind}-${i}${suffix}`;
  expected.set(jobId, accountOf(i).tenantId);
  return { jobId };
}

async function enqueueAll(): Promise<void> {
  const options = { ...building.house.base, sharding: building.house.sharding } as never;
  const queue = new ShardedQueue('work', options);
  const flows = new ShardedFlowProducer(options);
  // In bulk and outside every context: each job's place is that of its record.
  await queue.addBulk(
    Array.from({ length: 500 }, (_, i) => ({
      name: 'plain',
      data: { account: accountOf(i) },
      opts: named('plain', i),
    })),
  );
  for (let i = 0; i < 150; i++) {
    const data = { account: accountOf(i), failures: 1 + (i % 2) };
    const backoff = { type: 'fixed', delay: 20 };
    await queue.add('retried', data, { ...named('retried', i), attempts: 5, backoff });
  }
  for (let i = 0; i < 100; i++) {
    await queue.add(
      'delayed',
      { account: accountOf(i) },
      { ...named('delayed', i), delay: i * 20 },
    );
  }
  for (let i = 0; i < 50; i++) {
    const node = (suffix: string, at = i) => ({
      name: 'flow',
      queueName: 'work',
      data: { account: accountOf(at) },
      opts: named('flow', at, suffix),
    });
    await flows.add({ ...node('-parent'), children: [node('-child'), node('-far', i + 100)] });
  }
  for (let i = 0; i < 50; i++) {
    const { jobId: inner } = named('inner', i);
    await queue.add('outer', { account: accountOf(i), inner }, named('outer', i));
  }
  await queue.close();
  await flows.close();
}

/** All effects of all shards, over plain connections: job → `tenant on shard`. */
async function audit(): Promise<{ job: string; tenant: string; shard: string }[]> {
  const all = await Promise.all(
    ['us1', 'us2', 'us3'].map(async (shard) =>
      (await building.rows(shard, 'SELECT job, tenant_id FROM effect')).map((row) => ({
        job: String(row['job']),
        tenant: String(row['tenant_id']),
        shard,
      })),
    ),
  );
  return all.flat();
}

describe('a thousand jobs over three shards through two worker processes', () => {
  it('leave each effect on its own shard and once, although a worker is killed', async () => {
    await enqueueAll();
    expect(expected.size).toBe(1000);
    const [first] = await Promise.all([building.startWorker(), building.startWorker()]);
    await expect.poll(async () => (await audit()).length, { timeout: 30_000 }).toBeGreaterThan(150);
    await kill(first);
    expect((await audit()).length).toBeLessThan(1000);
    await building.startWorker();
    expect(await building.untilIdle('work')).toBe(0);

    const seen = await audit();
    const home = (tenant: string) => SHARD_OF(TENANTS.indexOf(tenant));
    expect(seen.filter(({ tenant, shard }) => home(tenant) !== shard)).toEqual([]);
    expect(seen.filter(({ job, tenant }) => expected.get(job) !== tenant)).toEqual([]);
    expect(seen.map(({ job }) => job).sort()).toEqual([...expected.keys()].sort());
  }, 120_000);
});
