import { Queue, Worker } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';

// Ours are BullMQ's own classes, extended. What users see of them is held against BullMQ itself, in
// one run.

let queues: Queues;
beforeEach(async () => (queues = await Queues.open()));
afterEach(() => queues.close());

interface Pair {
  readonly queue: Queue;
  readonly work: (processor: () => Promise<void>) => Worker;
}

/** BullMQ's queue and worker, and ours, of the same options. */
function pairs(options: Record<string, unknown> = {}): Record<'bullmq' | 'ours', Pair> {
  const { base, sharding } = queues;
  const at = { autorun: false, drainDelay: 1 };
  return {
    bullmq: {
      queue: queues.closing(new Queue('plain', { ...base, ...options })),
      work: (processor) => queues.closing(new Worker('plain', processor, { ...base, ...at })),
    },
    ours: {
      queue: queues.queue('sharded', options, sharding),
      work: (processor) => queues.worker('sharded', processor, at, sharding),
    },
  };
}

/** What listeners of a queue and its worker hear of three jobs, and of one more after a pause. */
async function heard({ queue, work }: Pair): Promise<readonly string[]> {
  const notes = new Notes();
  queue.on('waiting', (job) => void notes.add(`waiting ${job.name}`));
  for (const name of ['a', 'b', 'c']) await queue.add(name, {});
  const worker = work(() => Promise.resolve());
  worker.on('active', (job, prev) => {
    void notes.add(`active ${job.name} from ${prev}, token ${typeof job.token}`);
  });
  worker.on('drained', () => void notes.add('drained'));
  worker.on('completed', (job, _result, prev) => void notes.add(`done ${job.name} from ${prev}`));
  void worker.run();
  await notes.upTo(10);
  await queue.add('d', {});
  return notes.upTo(14);
}

describe('a sharded queue and its worker', () => {
  it('tell their listeners what BullMQ’s tell, in the same order', async () => {
    const { bullmq, ours } = pairs();
    const expected = await heard(bullmq);
    expect(expected).toContain('active d from waiting, token string');
    expect(expected.filter((note) => note === 'drained')).toHaveLength(2);
    expect(await heard(ours)).toEqual(expected);
  });

  it('store the options that BullMQ stores: the default ones, under the ones of the job', async () => {
    const { bullmq, ours } = pairs({ defaultJobOptions: { attempts: 5, removeOnFail: true } });
    const stored = async ({ queue }: Pair, opts?: object) => {
      const { id } = await queue.add('one', { n: 1 }, opts);
      const { telemetry: _ours, ...others } = (await queue.getJob(id!))!.opts;
      return others;
    };
    expect(await stored(bullmq)).toMatchObject({ attempts: 5, removeOnFail: true });
    expect(await stored(ours)).toEqual(await stored(bullmq));
    const own = { attempts: 2, jobId: 'mine' };
    expect(await stored(ours, own)).toEqual(await stored(bullmq, own));
  });

  it('refuse the ids and options that BullMQ refuses, and enqueue nothing', async () => {
    const { bullmq, ours } = pairs();
    const refusal = ({ queue }: Pair, opts: object) =>
      queue.add('one', {}, opts).then(
        () => 'enqueued',
        (error: Error) => error.message,
      );
    for (const opts of [{ jobId: '0' }, { jobId: '0:1' }, { jobId: 'a:b' }, { priority: 1.5 }]) {
      const expected = await refusal(bullmq, opts);
      expect(expected).not.toBe('enqueued');
      expect(await refusal(ours, opts)).toBe(expected);
    }
    expect(await ours.queue.getJobCounts('waiting', 'delayed', 'prioritized')).toEqual({
      waiting: 0,
      delayed: 0,
      prioritized: 0,
    });
  });

  it('goes through what a monitoring agent has put in the place of BullMQ’s methods', async () => {
    const seen = new Notes();
    const undo = [
      [Queue, 'add'],
      [Queue, 'addJob'],
      [Worker, 'nextJobFromJobData'],
    ].map(([type, name]) => watch(type as { prototype: object }, name as string, seen));
    queues.worker('q', () => Promise.resolve());
    await queues.queue('q').add('one', {});
    expect((await seen.upTo(3)).slice(0, 3)).toEqual(['add', 'addJob', 'nextJobFromJobData']);
    for (const one of undo) one();
  });
});

/** Notes each call of a method, as agents do, until what is returned is called. */
function watch({ prototype }: { prototype: object }, name: string, seen: Notes): () => void {
  const methods = prototype as Record<string, (...args: unknown[]) => unknown>;
  const own = methods[name]!;
  methods[name] = function (...args) {
    seen.add(name);
    return own.apply(this, args);
  };
  return () => (methods[name] = own);
}
