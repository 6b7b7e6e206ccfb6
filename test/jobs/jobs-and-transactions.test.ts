import type { EventEmitter } from 'node:events';
import { WaitingChildrenError, type Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { currentFrame } from '@switchyard/shard-context';
import type { ShardedFlowProducer, ShardedQueue } from '@switchyard/jobs/bullmq';
import type { JobNotSentError } from '@switchyard/jobs';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';
import { here } from './small-fleet.ts';

let queues: Queues;
let notes: Notes;
beforeEach(async () => {
  queues = await Queues.open();
  notes = new Notes();
  queues.worker('q', (job) => notes.add(`${job.id} ${here()}`));
});
afterEach(() => queues.close());

const LATE = { name: 'late', queueName: 'q' };

/** Runs `fn` as the data layer runs a transaction: it notes the beginning and how it ended. */
async function inTransaction<T>(
  outcome: 'committed' | 'rolledBack' | 'unknown',
  fn: () => Promise<T>,
) {
  return queues.fleet.for('t_1', async () => {
    const ended = currentFrame()!.activity.transactionOpened();
    const result = await fn();
    const waiting = await queues
      .queue('q')
      .getJobCountByTypes('waiting', 'delayed', 'active', 'waiting-children');
    ended(outcome);
    return { result, waiting };
  });
}

describe('a job enqueued inside a transaction', () => {
  it('is sent after the commit, with the id that add answered at once', async () => {
    const queue = queues.queue('q');
    const { result, waiting } = await inTransaction('committed', () => queue.add('one', {}));
    expect(waiting).toBe(0);
    expect(result.id).toMatch(/^[\w-]{36}$/);
    expect(await notes.upTo(1)).toEqual([`${result.id} us1/t_1@1`]);
  });

  it('is sent after its parent, which another queue of the same transaction sends', async () => {
    const children = queues.queue('children');
    await children.waitUntilReady();
    const errors: Error[] = [];
    children.on('error', (error) => errors.push(error));
    const { result: parent } = await inTransaction('committed', async () => {
      const parents = queues.queue('parents'); // its connection is not there yet
      const added = await parents.add('parent', {}, { delay: 100_000 });
      const opts = { parent: { id: added.id!, queue: parents.qualifiedName } };
      await children.add('child', {}, opts);
      return { id: added.id, queue: parents };
    });
    await children.flushed();
    expect(errors).toEqual([]);
    expect(await parent.queue.getJob(parent.id!)).toBeDefined();
    expect(await children.getJobCountByTypes('waiting')).toBe(1);
  });

  it('is there when flushed() has resolved: a step may wait for children that it added', async () => {
    const children = queues.queue('children');
    queues.worker('children', () => notes.add(`child ${here()}`));
    queues.worker('steps', async (job: Job, token) => {
      if ((job.data as { step: number }).step === 1) {
        const ended = currentFrame()!.activity.transactionOpened();
        const parent = { id: job.id!, queue: job.queueQualifiedName };
        await children.add('child', {}, { parent });
        ended('committed');
        await children.flushed();
        await job.updateData({ step: 2 });
        if (await job.moveToWaitingChildren(token!)) throw new WaitingChildrenError();
      }
      notes.add(`parent ${here()}`);
    });
    await queues.fleet.for('t_1', () => queues.queue('steps').add('one', { step: 1 }));
    expect(await notes.upTo(2)).toEqual(['child us1/t_1@1', 'parent us1/t_1@1']);
  });

  it('stands in its queue in the order in which it was added', async () => {
    const queue = queues.queue('ordered');
    const many = Array.from({ length: 300 }, (_, i) => ({ name: `bulk ${i}`, data: {} }));
    await inTransaction('committed', async () => {
      await queue.addBulk(many);
      await queue.add('after', {});
    });
    await queue.flushed();
    const jobs = await queue.getJobs(['waiting'], 0, -1, true);
    expect(jobs.map(({ name }) => name)).toEqual([...many.map(({ name }) => name), 'after']);
  });

  it('keeps the id that the caller chose', async () => {
    const queue = queues.queue('q');
    const { result } = await inTransaction('committed', () =>
      queue.add('one', {}, { jobId: 'mine' }),
    );
    expect(result.id).toBe('mine');
    expect(await notes.upTo(1)).toEqual(['mine us1/t_1@1']);
  });

  it('is what it was when it was enqueued, whatever becomes of its payload', async () => {
    const queue = queues.queue('q');
    const payload = { n: 1 };
    const { result } = await inTransaction('committed', async () => {
      const job = await queue.add('one', payload);
      payload.n = 2;
      return job;
    });
    await notes.upTo(1);
    expect((await queue.getJob(result.id!))?.data).toEqual({ n: 1 });
  });

  it('is not sent at all after a rollback', async () => {
    const queue = queues.queue('q');
    await inTransaction('rolledBack', () => queue.add('lost', {}));
    const { id } = await queues.fleet.for('t_1', () => queue.add('sent', {}));
    await queue.close();
    expect(await notes.upTo(1)).toEqual([`${id} us1/t_1@1`]);
    expect(await queues.queue('q').getJobCountByTypes('waiting', 'active', 'delayed')).toBe(0);
  });

  it('is not sent, and reported, when nobody can say whether the transaction committed', async () => {
    const queue = queues.queue('q');
    const errors = new Notes<Error>();
    queue.on('error', (error) => errors.add(error));
    await inTransaction('unknown', () => queue.add('lost', {}));
    expect((await errors.upTo(1))[0]).toMatchObject({ code: 'JOB_NOT_SENT' });
    expect(notes.all).toEqual([]);
  });

  it('is reported when the queue does not take it after the commit', async () => {
    const queue = queues.queue('q');
    const errors = new Notes<Error>();
    queue.on('error', (error) => errors.add(error));
    await inTransaction('committed', () => queue.add('bad', {}, { jobId: 'a:b' }));
    expect((await errors.upTo(1))[0]).toMatchObject({
      code: 'JOB_NOT_SENT',
      cause: expect.anything() as unknown,
    });
  });

  it('is not sent, and ends no commit with an error, where nobody listens to errors', async () => {
    const printed = vi.spyOn(console, 'error').mockReturnValue();
    const [queue, flows] = [queues.queue('q'), queues.flows()];
    await inTransaction('unknown', async () => {
      await flows.add({ name: 'lost', queueName: 'q' });
      await queue.add('lost', {});
    });
    expect(printed.mock.calls.map(([error]) => (error as JobNotSentError).code)).toEqual([
      'JOB_NOT_SENT',
      'JOB_NOT_SENT',
    ]);
    printed.mockRestore();
  });

  it.each([
    ['queue', () => queues.queue('q'), (q) => (q as ShardedQueue).add('late', {})],
    ['flow producer', () => queues.flows(), (f) => (f as ShardedFlowProducer).add(LATE)],
  ] as [string, () => ShardedQueue | ShardedFlowProducer, (to: unknown) => Promise<unknown>][])(
    'is reported when its %s was closed before the commit',
    async (_, open, add) => {
      const producer = open();
      const errors = new Notes<Error>();
      (producer as EventEmitter).on('error', (error: Error) => errors.add(error));
      await inTransaction('committed', async () => {
        await add(producer);
        await producer.close();
      });
      expect((await errors.upTo(1))[0]).toMatchObject({ code: 'JOB_NOT_SENT' });
      expect(notes.all).toEqual([]);
    },
  );

  it('is sent before the queue closes', async () => {
    const queue = queues.queue('q');
    const { result } = await inTransaction('committed', () => queue.add('one', {}));
    await queue.close();
    expect(await notes.upTo(1)).toEqual([`${result.id} us1/t_1@1`]);
  });

  it('is sent with the others of its bulk, each with the id that was answered', async () => {
    const queue = queues.queue('q');
    const { result, waiting } = await inTransaction('committed', () =>
      queue.addBulk([1, 2, 3].map((n) => ({ name: 'one', data: { n } }))),
    );
    expect(waiting).toBe(0);
    expect(await notes.sorted(3)).toEqual(result.map(({ id }) => `${id} us1/t_1@1`).sort());
  });

  it('is sent with its whole flow, each node with the id that was answered', async () => {
    const flows = queues.flows();
    const { result, waiting } = await inTransaction('committed', () =>
      flows.add({ name: 'p', queueName: 'q', children: [{ name: 'c', queueName: 'q' }] }),
    );
    expect(waiting).toBe(0);
    const ids = [result.children![0]!.job.id, result.job.id];
    expect(await notes.upTo(2)).toEqual(ids.map((id) => `${id} us1/t_1@1`));
  });

  it('is not scheduled before the commit', async () => {
    const queue = queues.queue('q');
    const schedule = () => queue.upsertJobScheduler('s', { every: 10_000 });
    await inTransaction('rolledBack', schedule);
    expect(await queue.getJobSchedulers()).toEqual([]);
    await inTransaction('committed', schedule);
    expect((await notes.upTo(1))[0]).toMatch(/us1\/t_1@1$/);
    await queue.removeJobScheduler('s');
  });
});
