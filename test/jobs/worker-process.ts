import { setTimeout as wait } from 'node:timers/promises';
import { ShardedQueue, ShardedWorker, type Sharding } from '@switchyard/jobs/bullmq';
import { QueryFailedError } from 'typeorm';
import { Account, Effect, House, testSigning, type HousePlan } from './house.ts';

// A worker in a process of its own. It knows the fleet, and nothing of who enqueued what.
const house = new House(JSON.parse(process.env['HOUSE_PLAN']!) as HousePlan);
const settings = JSON.parse(process.env['WORKER'] ?? '{}') as WorkerSettings;
const { dataSource } = house;
await dataSource.initialize();
const sharding: Sharding = {
  ...house.sharding,
  ...(settings.readsUpTo !== undefined && { readsUpTo: settings.readsUpTo }),
  ...(settings.signs === true && { signing: { ...testSigning(), acceptUnsigned: true } }),
  onMissingEnvelope: ({ data }) => ({ kind: 'api-key', value: (data as OldJob).apiKey }),
};
const queue = new ShardedQueue<WorkJob>('work', { ...house.base, sharding } as never);

/** How a test wants its worker. */
export interface WorkerSettings {
  /** Newest envelope version that it knows, as the release before would. */
  readonly readsUpTo?: number;
  /** Has the keys of signed jobs. */
  readonly signs?: boolean;
  /** After this many effects it holds two jobs without end, so that a kill always meets them. */
  readonly holdsAfter?: number;
}

/** Two jobs that a worker never finishes: one before the commit of its effect, one after it. */
export interface HeldJobs {
  readonly uncommitted: string;
  readonly committed: string;
}

/** A job of before the deploy: no envelope, and an id in place of a record. */
interface OldJob {
  readonly apiKey: string;
  readonly accountId: string;
}

/** What a job of these tests is to do beside its effect. */
interface WorkJob {
  readonly account: Account;
  /** Attempts that fail, each after the effect was committed. */
  readonly failures?: number;
  /** Id of a job to add in the transaction of the effect. */
  readonly inner?: string;
}

async function accountOf(data: WorkJob | OldJob): Promise<Account> {
  if ('accountId' in data) {
    return dataSource.getRepository(Account).findOneByOrFail({ id: data.accountId });
  }
  if (data.account instanceof Account) return data.account;
  throw new Error('the record was not located');
}

let effects = 0;
const held: Partial<Record<keyof HeldJobs, string>> = {};

/** Holds the first job that comes to this point once enough effects are left. */
async function maybeHold(job: string, point: keyof HeldJobs): Promise<void> {
  if (effects < (settings.holdsAfter ?? Infinity) || held[point] !== undefined) return;
  held[point] = job;
  if (Object.keys(held).length === 2) process.send?.(held);
  await new Promise(() => undefined);
}

/** Writes the effect once, however often the job runs. */
async function leaveEffect(job: string, { account, inner }: WorkJob): Promise<void> {
  const { id: accountId, name: accountName } = account;
  try {
    await dataSource.transaction(async (manager) => {
      await manager.insert(Effect, { job, accountId, accountName, pid: process.pid });
      if (inner !== undefined) await queue.add('inner', { account }, { jobId: inner });
      await maybeHold(job, 'uncommitted');
    });
    effects += 1;
    await maybeHold(job, 'committed');
  } catch (error) {
    if (!(error instanceof QueryFailedError && isDuplicate(error))) throw error;
    // An earlier attempt committed the effect and died before it could report that. Its inner job, in
    // memory, may have died with it: a job that needs its inner job adds it again, under the same id.
    if (inner !== undefined) await queue.add('inner', { account }, { jobId: inner });
  }
}

function isDuplicate({ driverError }: QueryFailedError): boolean {
  return (driverError as { code?: string }).code === 'ER_DUP_ENTRY';
}

const worker = new ShardedWorker<WorkJob>(
  'work',
  async (job) => {
    await leaveEffect(job.id!, { ...job.data, account: await accountOf(job.data) });
    await wait(2); // so that a kill finds jobs half-way
    if (job.attemptsMade < (job.data.failures ?? 0)) throw new Error('fails on purpose');
  },
  {
    ...house.base,
    sharding,
    concurrency: 8,
    lockDuration: 1_500,
    stalledInterval: 500,
    maxStalledCount: 5,
    drainDelay: 1,
  } as never,
);
worker.on('error', () => undefined); // a killed neighbour's stalled jobs are what the test is about

await worker.waitUntilReady();
process.send?.('ready');
