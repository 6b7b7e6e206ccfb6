import { RecordFinder } from '@switchyard/models';
import type { Locator } from '@switchyard/shard-context';
import { ShardedQueue, ShardedWorker, type Sharding } from '@switchyard/jobs/bullmq';
import type { Job } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Account } from '../fence/account.ts';
import {
  startCommitCutter,
  startFleet,
  type CommitCutter,
  type Fleet,
} from '../support/fleet/index.ts';
import { redisServer } from '../support/servers/index.ts';
import { Notes } from './notes.ts';

const locator: Locator = {
  locateKey: () => Promise.reject(new TypeError('not asked here')),
  locateTenant: (tenant) => Promise.resolve({ tenant, shard: 'us1', epoch: 1, state: 'active' }),
};

let fleet: Fleet;
let options: { connection: object; prefix: string; sharding: Sharding };
let queue: ShardedQueue;
const cutters: CommitCutter[] = [];

beforeAll(async () => {
  fleet = await startFleet({
    entities: [Account],
    tenants: { us1: ['t_1'], us2: ['t_1'] },
    servers: 1,
    address: async (server) => {
      const cutter = await startCommitCutter(server);
      cutters.push(cutter);
      return cutter;
    },
  });
  const { host, port } = await redisServer();
  const records = new RecordFinder(fleet.dataSource, locator);
  const connection = { host, port, maxRetriesPerRequest: null };
  const sharding = { context: fleet.context, locator, records };
  options = { connection, prefix: `unknown-${process.pid}`, sharding };
});
beforeEach(() => {
  queue = new ShardedQueue('work', options as never);
});
afterEach(async () => {
  cutAt('none');
  await queue.obliterate({ force: true });
  await queue.close();
});
afterAll(async () => {
  await fleet?.stop();
  for (const cutter of cutters) cutter.stop();
});

function cutAt(fault: CommitCutter['fault']): void {
  for (const cutter of cutters) cutter.fault = fault;
}

/** A transaction of t_1 whose COMMIT is not answered. */
async function lostTransaction(email: string, work = () => Promise.resolve()): Promise<void> {
  await fleet.dataSource.transaction(async (manager) => {
    await manager.insert(Account, { tenantId: 't_1', email });
    await work();
    cutAt('after');
  });
}

const written = async (email: string) =>
  (await fleet.rows('us1', 'SELECT id FROM account WHERE email = ?', [email])).length;

describe('a job of which it is not known whether its work was committed', () => {
  /** Does the work once lost and then as it should; answers once a worker has ended the job. */
  async function ended(
    email: string,
    settings: Partial<Sharding>,
    wrap: (error: unknown) => unknown = (error) => error,
  ): Promise<{ runs: number; job: Job; event: string }> {
    let runs = 0;
    const ends = new Notes();
    const work = async () => {
      runs += 1;
      if (runs > 1) return;
      await lostTransaction(email).catch((error: unknown) => {
        cutAt('none');
        throw wrap(error);
      });
    };
    const sharding = { ...options.sharding, ...settings };
    await using worker = new ShardedWorker('work', work, { ...options, sharding } as never);
    worker.on('completed', () => ends.add('completed'));
    worker.on('failed', (one) => {
      if (one?.finishedOn !== undefined) ends.add('failed');
    });
    const added = await fleet.onTenant('us1', 't_1', () => queue.add(email, {}, { attempts: 3 }));
    const [event = ''] = await ends.upTo(1);
    return { runs, event, job: (await queue.getJob(added.id!))! };
  }

  it('is not repeated, whatever attempts it has: it fails for good with OUTCOME_UNKNOWN', async () => {
    const { runs, event, job } = await ended('once', {});
    expect([runs, event]).toEqual([1, 'failed']);
    expect(job.failedReason).toMatch(/^OUTCOME_UNKNOWN: /);
    await expect.poll(() => written('once')).toBe(1);
  });

  it('is not repeated either where its code has wrapped the error', async () => {
    const wrap = (cause: unknown) => new TypeError('the account was not made', { cause });
    const { runs, job } = await ended('wrapped', {}, wrap);
    expect(runs).toBe(1);
    expect(job.failedReason).toMatch(/^OUTCOME_UNKNOWN: /);
  });

  it('is repeated as its attempts allow where its author says that it may be', async () => {
    const asked: (string | undefined)[] = [];
    const mayRepeat: Sharding['mayRepeat'] = ({ name }) => {
      asked.push(name);
      return true;
    };
    const { runs, event, job } = await ended('again', { mayRepeat });
    expect([runs, event, asked]).toEqual([2, 'completed', ['again']]);
    expect(job.attemptsMade).toBe(2);
  });
});

describe('a job that was added in a transaction of which nobody knows whether it was committed', () => {
  it('is not sent, and the queue’s error event tells: JOB_NOT_SENT', async () => {
    const errors = new Notes<{ code?: string; message: string }>();
    queue.on('error', (error) => errors.add(error as { code?: string; message: string }));
    const add = async () => void (await queue.add('lost', {}));
    const lost = fleet.onTenant('us1', 't_1', () => lostTransaction('added', add));
    await expect(lost).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    const [error] = await errors.upTo(1);
    expect(error?.code).toBe('JOB_NOT_SENT');
    await queue.flushed();
    expect(await queue.getJobCountByTypes('waiting', 'delayed', 'active')).toBe(0);
    await expect.poll(() => written('added')).toBe(1);
  });
});
