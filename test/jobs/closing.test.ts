import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentFrame } from '@switchyard/shard-context';
import { ShardedFlowProducer, ShardedQueue, ShardedWorker } from '@switchyard/jobs/bullmq';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';

let queues: Queues;
beforeEach(async () => (queues = await Queues.open()));
afterEach(() => queues.close());

describe('`await using`', () => {
  it('closes a queue and a flow producer, after the jobs that a commit has set free were sent', async () => {
    const options = { ...queues.base, sharding: queues.sharding };
    let opened: { closing: Promise<void> | undefined }[] = [];
    {
      await using queue = new ShardedQueue('q', options);
      await using flows = new ShardedFlowProducer(options);
      opened = [queue, flows];
      await queues.fleet.for('t_1', async () => {
        const ended = currentFrame()!.activity.transactionOpened();
        await queue.add('alone', {});
        await flows.add({ name: 'flow', queueName: 'q' });
        ended('committed');
      });
      expect(opened.map(({ closing }) => closing)).toEqual([undefined, undefined]);
    }
    for (const { closing } of opened) expect(closing).toBeInstanceOf(Promise);
    const plain = queues.closing(new Queue('q', queues.base));
    const names = (await plain.getJobs('waiting')).map(({ name }) => name);
    expect(names.sort()).toEqual(['alone', 'flow']);
  });

  it('closes a worker, after the job that it runs has ended', async () => {
    const notes = new Notes();
    const closing = new Notes();
    await queues.fleet.for('t_1', () => queues.queue('q').add('one', {}));
    {
      const work = async () => {
        notes.add('begun');
        await closing.upTo(1);
        notes.add('ended');
      };
      const options = { ...queues.base, drainDelay: 1, sharding: queues.sharding };
      await using worker = new ShardedWorker('q', work, options);
      worker.on('closing', () => closing.add('closing'));
      await notes.upTo(1);
    }
    notes.add('closed');
    expect(notes.all).toEqual(['begun', 'ended', 'closed']);
    expect(await queues.queue('q').getCompletedCount()).toBe(1);
  });
});
