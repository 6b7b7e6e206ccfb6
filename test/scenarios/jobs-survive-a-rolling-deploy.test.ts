import { ShardedQueue, checkJobs } from '@switchyard/jobs/bullmq';
import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Building, kill } from '../jobs/building.ts';
import { Account, testSigning } from '../jobs/house.ts';

const TENANTS = ['t_1', 't_2', 't_3'];
const SHARDS = ['us1', 'us2', 'us3'];
const ID = '7'; // of one account on each shard

let building: Building;
beforeEach(async () => {
  building = await Building.raise(TENANTS);
  for (const [i, tenant] of TENANTS.entries()) {
    const row = [ID, tenant, tenant];
    await building.rows(SHARDS[i]!, 'INSERT INTO account (id, tenant_id, name) VALUES (?)', [row]);
    await building.house.directory.addKey({ kind: 'api-key', value: `key-of-${tenant}` }, tenant);
  }
});
afterEach(() => building.demolish());

/** Which job left its effect where. */
async function effects(): Promise<string[]> {
  const all = await Promise.all(
    SHARDS.map(async (shard) =>
      (await building.rows(shard, 'SELECT job, tenant_id FROM effect')).map(
        (row) => `${String(row['job'])}: ${String(row['tenant_id'])} on ${shard}`,
      ),
    ),
  );
  return all.flat().sort();
}

function queue(signs = false): ShardedQueue<{ account: Account }> {
  const { base, sharding } = building.house;
  const signing = signs ? { signing: testSigning() } : {};
  return new ShardedQueue('work', { ...base, sharding: { ...sharding, ...signing } } as never);
}

async function enqueue(name: string, signs = false): Promise<void> {
  const { house } = building;
  const producer = queue(signs);
  for (const tenant of TENANTS) {
    await house.for(tenant, async () => {
      const account = await house.dataSource.getRepository(Account).findOneByOrFail({ id: ID });
      await producer.add(name, { account }, { jobId: `${name}-${tenant}` });
    });
  }
  await producer.close();
}

/** What `switchyard jobs check` of the old release counts. */
async function waitingForTheOldRelease() {
  const { base, context } = building.house;
  const { topology } = context;
  const [report] = await checkJobs({ ...base, queues: ['work'], topology, readsUpTo: 1 });
  return report?.counts;
}

const onTheirShards = (name: string) =>
  TENANTS.map((tenant, i) => `${name}-${tenant}: ${tenant} on ${SHARDS[i]}`);

describe('a rolling deploy', () => {
  it('runs what the old producer enqueued without an envelope, by its routing key', async () => {
    const old = new Queue('work', building.house.base as never);
    for (const tenant of TENANTS) {
      const data = { apiKey: `key-of-${tenant}`, accountId: ID };
      await old.add('old', data, { jobId: `old-${tenant}` });
    }
    await old.close();
    await enqueue('new');
    await building.startWorker();
    expect(await building.untilIdle('work')).toBe(0);
    expect(await effects()).toEqual([...onTheirShards('new'), ...onTheirShards('old')]);
  });

  it('keeps what the new producer enqueued waiting, until a worker knows its envelope', async () => {
    const old = await building.startWorker({ readsUpTo: 1 });
    await enqueue('plain');
    await enqueue('signed', true);
    await expect.poll(effects).toEqual(onTheirShards('plain'));
    // An effect is seen before its job is over: ask until it is.
    await expect.poll(waitingForTheOldRelease).toMatchObject({ unreadable: 3, runnable: 0 });
    await building.startWorker({ signs: true });
    await kill(old);
    expect(await building.untilIdle('work')).toBe(0);
    expect(await effects()).toEqual([...onTheirShards('plain'), ...onTheirShards('signed')]);
  });
});
