import { Queue, type Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { currentFrame } from '@switchyard/shard-context';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';
import { Account, here } from './small-fleet.ts';

let queues: Queues;
let notes: Notes;
beforeEach(async () => {
  queues = await Queues.open();
  notes = new Notes();
});
afterEach(() => queues.close());

/** A worker that notes the name of each job and where it ran. */
const notingWorker = (name = 'q') =>
  queues.worker(name, (job) => notes.add(`${job.name} ${here()}`));
const at = (tenant: string) => queues.fleet.placements.get(tenant)!;

describe('a job runs at the place where it was enqueued', () => {
  it("when it was added in a tenant's context", async () => {
    notingWorker();
    const queue = queues.queue('q');
    await queues.fleet.for('t_1', () => queue.add('one', {}));
    await queues.fleet.for('t_2', () => queue.add('two', {}));
    expect(await notes.sorted(2)).toEqual(['one us1/t_1@1', 'two us2/t_2@1']);
  });

  it('with the records of its payload, located there in one batch', async () => {
    const seen = new Notes<unknown>();
    queues.worker('q', (job) => seen.add(job.data));
    const queue = queues.queue('q');
    const account = queues.fleet.account('t_1', '9223372036854775807');
    const payload = { list: [account, queues.fleet.account('t_1')], n: 5, again: account };
    await queues.fleet.for('t_1', () => queue.add('one', payload));
    expect((await seen.upTo(1))[0]).toEqual(payload);
    expect((seen.all[0] as typeof payload).again).toBeInstanceOf(Account);
    expect(queues.fleet.located).toHaveLength(1);
  });

  it('when it was added for a shard and no tenant', async () => {
    notingWorker();
    const queue = queues.queue('q');
    await queues.fleet.context.onShard('eu1', () => queue.add('one', {}));
    expect(await notes.upTo(1)).toEqual(['one eu1']);
  });

  it('locked to it, whatever the worker served before', async () => {
    queues.worker('q', () => notes.add(`${here()} ${String(currentFrame()?.locked)}`));
    const queue = queues.queue('q');
    for (const tenant of ['t_1', 't_2', 't_1']) {
      await queues.fleet.for(tenant, () => queue.add('one', {}));
    }
    expect(await notes.upTo(3)).toEqual(['us1/t_1@1 true', 'us2/t_2@1 true', 'us1/t_1@1 true']);
  });

  it('outside every context, when it was enqueued outside and carries no record', async () => {
    notingWorker();
    await queues.queue('q').add('one', { n: 1 });
    expect(await notes.upTo(1)).toEqual(['one nowhere']);
  });

  it('at the place of its records, when it was enqueued outside every context', async () => {
    notingWorker();
    await queues.queue('q').add('one', { account: queues.fleet.account('t_3') });
    expect(await notes.upTo(1)).toEqual(['one eu1/t_3@1']);
  });

  it('each of a bulk at its own place', async () => {
    notingWorker();
    const jobs = ['t_1', 't_2', 't_3'].flatMap((tenant) => [
      { name: `by option ${tenant}`, data: {}, opts: { at: at(tenant) } },
      { name: `by record ${tenant}`, data: { account: queues.fleet.account(tenant) } },
    ]);
    await queues.queue('q').addBulk(jobs);
    expect(await notes.sorted(6)).toEqual([
      'by option t_1 us1/t_1@1',
      'by option t_2 us2/t_2@1',
      'by option t_3 eu1/t_3@1',
      'by record t_1 us1/t_1@1',
      'by record t_2 us2/t_2@1',
      'by record t_3 eu1/t_3@1',
    ]);
  });

  it('after a delay', async () => {
    notingWorker();
    const queue = queues.queue('q');
    await queues.fleet.for('t_2', () => queue.add('late', {}, { delay: 30 }));
    expect(await notes.upTo(1)).toEqual(['late us2/t_2@1']);
  });

  it('in every retry, also with a backoff', async () => {
    queues.worker('q', (job) => {
      notes.add(`${job.attemptsMade} ${here()}`);
      if (job.attemptsMade < 2) throw new Error('once more');
    });
    const queue = queues.queue('q');
    const opts = { attempts: 3, backoff: { type: 'fixed', delay: 10 } };
    await queues.fleet.for('t_1', () => queue.add('again', {}, opts));
    expect(await notes.upTo(3)).toEqual(['0 us1/t_1@1', '1 us1/t_1@1', '2 us1/t_1@1']);
  });

  it('in every iteration of a scheduler', async () => {
    queues.worker('q', (job) => notes.add(`${(job.data as { a: Account }).a.id} ${here()}`));
    const queue = queues.queue('q');
    const template = { name: 'tick', data: { a: queues.fleet.account('t_3', '7') } };
    await queues.fleet.for('t_3', () => queue.upsertJobScheduler('s', { every: 40 }, template));
    expect(await notes.upTo(3)).toEqual(Array(3).fill('7 eu1/t_3@1'));
    await queue.removeJobScheduler('s');
  });

  it('as a node of a flow, children without options too, each at its own place', async () => {
    notingWorker();
    notingWorker('other');
    const flow = {
      name: 'parent',
      queueName: 'q',
      children: [
        { name: 'bare child', queueName: 'other' },
        { name: 'far child', queueName: 'q', opts: { at: at('t_3') } },
        { name: 'deep', queueName: 'q', children: [{ name: 'grandchild', queueName: 'other' }] },
      ],
    };
    await queues.fleet.for('t_1', () => queues.flows().add(flow));
    expect((await notes.upTo(5)).at(-1)).toBe('parent us1/t_1@1');
    expect(await notes.sorted(5)).toEqual([
      'bare child us1/t_1@1',
      'deep us1/t_1@1',
      'far child eu1/t_3@1',
      'grandchild us1/t_1@1',
      'parent us1/t_1@1',
    ]);
  });

  it('when it was made inside another job', async () => {
    const queue = queues.queue('second');
    notingWorker('second');
    queues.worker('q', () => queue.add('inner', {}));
    await queues.fleet.for('t_2', () => queues.queue('q').add('outer', {}));
    expect(await notes.upTo(1)).toEqual(['inner us2/t_2@1']);
  });

  it('in several queues and workers of one process', async () => {
    for (const name of ['a', 'b', 'c']) notingWorker(name);
    const all = ['a', 'b', 'c'].flatMap((name) => {
      const queue = queues.queue(name);
      return ['t_1', 't_2'].map((t) => queues.fleet.for(t, () => queue.add(`${name} ${t}`, {})));
    });
    await Promise.all(all);
    expect(await notes.sorted(6)).toEqual(
      ['a', 'b', 'c'].flatMap((name) => [`${name} t_1 us1/t_1@1`, `${name} t_2 us2/t_2@1`]),
    );
  });

  it('when it stalled in a worker that died, and another one takes it', async () => {
    const queue = queues.queue('q');
    const dead = queues.worker('q', null as never, { lockDuration: 200 });
    await queues.fleet.for('t_3', () => queue.add('stalled', {}));
    await dead.getNextJob('token'); // taken, and never finished: its lock runs out
    queues.worker('q', (job) => notes.add(`${job.name} ${here()}`), { stalledInterval: 100 });
    expect(await notes.upTo(1)).toEqual(['stalled eu1/t_3@1']);
  });

  it('on the new shard, when its tenant has moved meanwhile, and so do its records', async () => {
    const queue = queues.queue('q');
    const account = queues.fleet.account('t_1');
    await queues.fleet.for('t_1', () => queue.add('one', { account }));
    queues.fleet.move('t_1', 'eu1');
    queues.worker('q', (job) => {
      const { shard, epoch } = (job.data as { account: Account }).account;
      notes.add(`${here()} ${shard}@${String(epoch)}`);
    });
    expect(await notes.upTo(1)).toEqual(['eu1/t_1@2 eu1@2']);
  });

  it('on the new shard in its next attempt, when its tenant moves between two', async () => {
    queues.worker('q', (job) => {
      notes.add(here());
      queues.fleet.move('t_1', 'us2');
      if (job.attemptsMade === 0) throw new Error('once more');
    });
    const queue = queues.queue('q');
    await queues.fleet.for('t_1', () => queue.add('one', {}, { attempts: 2 }));
    expect(await notes.upTo(2)).toEqual(['us1/t_1@1', 'us2/t_1@2']);
  });
});

describe('a worker', () => {
  it('leaks nothing of the context in which it was built', async () => {
    const plain = queues.closing(new Queue('q', queues.base));
    await queues.fleet.for('t_1', () => notingWorker());
    const queue = queues.queue('q');
    await queue.add('ours', {});
    await plain.add('foreign', {});
    const failed = new Notes();
    const other = await queues.fleet.for('t_1', () => queues.worker('p', () => undefined));
    other.on('failed', (job) => failed.add(`${job?.name} ${here()}`));
    await queues.closing(new Queue('p', queues.base)).add('foreign', {});
    expect(await notes.upTo(1)).toEqual(['ours nowhere']);
    expect(await failed.upTo(1)).toEqual(['foreign nowhere']);
  });

  it('tells its listeners at the place of the job', async () => {
    const worker = queues.worker('q', async (job) => {
      await job.updateProgress(50);
      if (job.name === 'bad') throw new Error('bad');
    });
    worker.on('progress', (job) => notes.add(`progress ${job.name} ${here()}`));
    worker.on('completed', (job) => notes.add(`completed ${job.name} ${here()}`));
    worker.on('failed', (job) => notes.add(`failed ${job?.name} ${here()}`));
    const queue = queues.queue('q');
    await queues.fleet.for('t_1', () => queue.add('good', {}));
    await queues.fleet.for('t_2', () => queue.add('bad', {}));
    expect(await notes.sorted(4)).toEqual([
      'completed good us1/t_1@1',
      'failed bad us2/t_2@1',
      'progress bad us2/t_2@1',
      'progress good us1/t_1@1',
    ]);
  });

  it('tells nobody of what nobody listens for, and prints an error that nobody listens for', () => {
    const worker = queues.worker('q', () => undefined);
    const printed = vi.spyOn(console, 'error').mockReturnValue(undefined);
    worker.removeAllListeners('error');
    const lost = new Error('nobody listens');
    expect(worker.emit('drained')).toBe(false);
    expect(printed).not.toHaveBeenCalled();
    worker.emit('error', lost);
    expect(printed).toHaveBeenCalledWith(lost);
    printed.mockRestore();
  });

  it('shows its listeners and the queue the payload as it travels', async () => {
    const account = queues.fleet.account('t_1');
    const seen = new Notes<unknown>();
    const worker = queues.worker('q', async (job: Job) => {
      await job.updateData({ account, step: 2 });
      seen.add({ ...(job.data as object) });
    });
    worker.on('completed', (job) => seen.add(job.data));
    const queue = queues.queue('q');
    const { id } = await queues.fleet.for('t_1', () => queue.add('one', { account }));
    const packed = { account: { $gid: 'gid://acme/Account/1?shard=us1&tenant=t_1&e=1' }, step: 2 };
    expect(await seen.upTo(2)).toEqual([{ account, step: 2 }, packed]);
    expect(((await queue.getJob(id!)) as Job).data).toEqual(packed);
  });
});
