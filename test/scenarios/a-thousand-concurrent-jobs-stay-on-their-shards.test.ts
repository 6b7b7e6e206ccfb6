import { ShardedFlowProducer, ShardedQueue } from '@switchyard/jobs/bullmq';
import { Queue, type Job } from 'bullmq';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Building, kill } from '../jobs/building.ts';
import { Account } from '../jobs/house.ts';
import type { HeldJobs } from '../jobs/worker-process.ts';

const TENANTS = Array.from({ length: 9 }, (_, i) => `t_${i}`);
const SHARD_OF = (i: number) => ['us1', 'us2', 'us3'][i % 3]!;

let building: Building;
/** Every job that was enqueued, and the account in its payload. */
const expected = new Map<string, Account>();
const accounts: Account[] = [];
const ACCOUNTS_PER_TENANT = 2;
const failuresOf = (i: number) => 1 + (i % 2);

beforeAll(async () => {
  building = await Building.raise(TENANTS);
  const { house } = building;
  // The same ids on all three shards, so that a job on a wrong one finds someone else's row.
  for (let i = 0; i < TENANTS.length * ACCOUNTS_PER_TENANT; i++) {
    const tenantId = TENANTS[i % TENANTS.length]!;
    const id = String(1 + Math.floor(i / 3));
    // No two have the same name: an id alone does not say of which shard the row is.
    const row = [id, tenantId, `account ${id} of ${tenantId}`];
    const insert = 'INSERT INTO account (id, tenant_id, name) VALUES (?, ?, ?)';
    await building.rows(SHARD_OF(i), insert, row);
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
  expected.set(jobId, accountOf(i));
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
    const data = { account: accountOf(i), failures: failuresOf(i) };
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

/** What a job left, and on which shard. */
interface SeenEffect {
  readonly shard: string;
  readonly job: string;
  readonly tenant: string;
  /** Id and name of the account that the job was handed. */
  readonly account: string;
  readonly name: string;
  /** Process that committed it. */
  readonly pid: number;
}

/** All effects of all shards, over plain connections. */
async function audit(): Promise<SeenEffect[]> {
  const sql =
    'SELECT job, tenant_id AS tenant, CAST(account_id AS CHAR) AS account, account_name AS name, pid FROM effect';
  const all = await Promise.all(
    ['us1', 'us2', 'us3'].map(async (shard) =>
      (await building.rows(shard, sql)).map((row) => ({ ...row, shard }) as SeenEffect),
    ),
  );
  return all.flat();
}

function isOfItsAccount({ job, tenant, account, name }: SeenEffect): boolean {
  const named = expected.get(job);
  return tenant === named?.tenantId && account === named.id && name === named.name;
}

/** What the queue knows of every job, by its id. */
async function finishedJobs(): Promise<Map<string, Job>> {
  const queue = new Queue('work', building.house.base as never);
  const jobs = await queue.getJobs(['completed']);
  await queue.close();
  return new Map(jobs.map((job: Job) => [job.id!, job]));
}

/** Without these, everything else would hold for jobs that each ran once and undisturbed. */
async function expectSecondRuns(seen: SeenEffect[], held: HeldJobs, killed: number): Promise<void> {
  const jobs = await finishedJobs();
  for (const id of Object.values(held) as string[]) {
    expect(jobs.get(id)?.stalledCounter).toBeGreaterThanOrEqual(1);
    expect(jobs.get(id)?.attemptsStarted).toBeGreaterThanOrEqual(2);
  }
  const committedBy = new Map(seen.map(({ job, pid }) => [job, pid]));
  // The second run of one found the effect of the killed process, that of the other left its own.
  expect(committedBy.get(held.committed)).toBe(killed);
  expect(committedBy.get(held.uncommitted)).not.toBe(killed);
  for (let i = 0; i < 150; i++) {
    expect(jobs.get(`retried-${i}`)?.attemptsMade).toBe(failuresOf(i) + 1);
  }
}

describe('a thousand jobs over three shards through two worker processes', () => {
  it('leave each effect on its own shard, about its own account and once, although a worker is killed', async () => {
    await enqueueAll();
    expect(expected.size).toBe(1000);
    const [first] = await Promise.all([
      building.startWorker({ holdsAfter: 75 }),
      building.startWorker(),
    ]);
    // Killed with six jobs wherever they are just then, one before its commit and one after it.
    const held = await building.heldBy(first);
    const before = (await audit()).map(({ job }) => job);
    expect(before).toContain(held.committed);
    expect(before).not.toContain(held.uncommitted);
    await kill(first);
    await building.startWorker();
    expect(await building.untilIdle('work')).toBe(0);

    const seen = await audit();
    const home = (tenant: string) => SHARD_OF(TENANTS.indexOf(tenant));
    expect(seen.filter(({ tenant, shard }) => home(tenant) !== shard)).toEqual([]);
    expect(seen.filter((effect) => !isOfItsAccount(effect))).toEqual([]);
    expect(seen.map(({ job }) => job).sort()).toEqual([...expected.keys()].sort());
    await expectSecondRuns(seen, held, first.pid!);
  }, 120_000);
});
