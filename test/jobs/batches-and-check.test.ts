import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addBatch, batchOutcome, canRunAll, checkJobs } from '@switchyard/jobs/bullmq';
import type { JobSigning } from '@switchyard/jobs';
import { testSigning } from './house.ts';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';
import { here } from './small-fleet.ts';

let queues: Queues;
beforeEach(async () => {
  queues = await Queues.open();
});
afterEach(() => queues.close());

const at = (tenant: string) => queues.fleet.placements.get(tenant)!;

describe('a batch over many shards', () => {
  it('runs each job in its own place, and its callback once when all have ended', async () => {
    const notes = new Notes();
    const outcomes = new Notes<unknown>();
    queues.worker('q', (job) => {
      notes.add(`${job.name} ${here()}`);
      if (job.name === 'bad') throw new Error('no luck');
    });
    queues.worker('callbacks', async (job) => {
      notes.add(`${job.name} ${here()}`);
      outcomes.add(await batchOutcome(job));
    });
    const jobs = ['t_1', 't_2', 't_3', 't_1'].map((tenant, i) => ({
      name: i === 1 ? 'bad' : 'good',
      queueName: 'q',
      data: i < 2 ? { account: queues.fleet.account(tenant) } : {},
      opts: { ...(i < 2 ? {} : { at: at(tenant) }), attempts: 2 },
    }));
    await addBatch(queues.flows(), {
      callback: { name: 'done', queueName: 'callbacks', opts: { at: at('t_3') } },
      jobs,
    });
    expect(await outcomes.upTo(1)).toEqual(
      [{ completed: 3, failed: 1, failures: { [expect.any(String) as never]: 'no luck' } }].map(
        ({ failures: _, ...rest }) => expect.objectContaining(rest) as unknown,
      ),
    );
    expect(Object.values((outcomes.all[0] as { failures: object }).failures)).toEqual(['no luck']);
    expect(notes.all.at(-1)).toBe('done eu1/t_3@1');
    expect([...notes.all].sort()).toEqual([
      'bad us2/t_2@1',
      'bad us2/t_2@1',
      'done eu1/t_3@1',
      'good eu1/t_3@1',
      'good us1/t_1@1',
      'good us1/t_1@1',
    ]);
  });

  it('calls back although a child of a job failed, which ends the job', async () => {
    const outcomes = new Notes<unknown>();
    queues.worker('q', (job) => {
      if (job.name === 'bad') throw new Error('no luck');
    });
    queues.worker('callbacks', async (job) => outcomes.add(await batchOutcome(job)));
    const bad = { name: 'bad', queueName: 'q' };
    await addBatch(queues.flows(), {
      callback: { name: 'done', queueName: 'callbacks' },
      jobs: [
        { name: 'a', queueName: 'q', children: [{ name: 'b', queueName: 'q', children: [bad] }] },
        {
          name: 'c',
          queueName: 'q',
          children: [{ ...bad, opts: { ignoreDependencyOnFailure: true } }],
        },
      ],
    });
    expect(await outcomes.upTo(1)).toMatchObject([{ completed: 1, failed: 1 }]);
  });

  it('is refused where a job, or a child of one, has an id under which another may be known', async () => {
    const flows = queues.flows();
    const named = { name: 'a', queueName: 'q', opts: { jobId: 'same' } };
    const callback = { name: 'done', queueName: 'callbacks', opts: { jobId: 'nightly' } };
    for (const job of [named, { name: 'b', queueName: 'q', children: [named] }]) {
      await expect(addBatch(flows, { callback, jobs: [job] })).rejects.toMatchObject({
        code: 'JOB_BATCH_INVALID',
      });
    }
    expect(await queues.queue('q').getJobCountByTypes()).toBe(0);
    expect(await queues.queue('callbacks').getJobCountByTypes()).toBe(0);
  });

  it('runs its callback at once when it is empty', async () => {
    const outcomes = new Notes<unknown>();
    queues.worker('callbacks', async (job) => outcomes.add(await batchOutcome(job)));
    await addBatch(queues.flows(), {
      callback: { name: 'done', queueName: 'callbacks' },
      jobs: [],
    });
    expect(await outcomes.upTo(1)).toEqual([{ completed: 0, failed: 0, failures: {} }]);
  });
});

describe('the check before a deploy', () => {
  it('counts what waits, and which of it this version could not run', async () => {
    const queue = queues.queue('q');
    await queues.fleet.for('t_1', () => queue.add('ok', {}));
    await queues.fleet.for('t_1', () => queue.add('later', {}, { delay: 60_000 }));
    await queues.fleet.for('t_1', () => queue.add('urgent', {}, { priority: 1 }));
    await queues
      .flows()
      .add({ name: 'p', queueName: 'q', children: [{ name: 'c', queueName: 'q' }] });
    await queue.upsertJobScheduler('s', { every: 60_000 });
    const plain = queues.closing(new Queue('q', queues.base));
    const raw = (envelope: object) => {
      const metadata = JSON.stringify({ switchyard: envelope });
      return plain.add('raw', {}, { telemetry: { metadata } });
    };
    await plain.add('old', {});
    await raw({ v: 3, next: true });
    await raw({ v: 2, fleet: 'acme' });
    await raw({ v: 1 });
    await raw({ v: 1, fleet: 'other' });
    const retired = await raw({ v: 1, fleet: 'acme', shard: 'retired' });
    const reports = await checkJobs({
      ...queues.base,
      queues: ['q', 'empty'],
      topology: queues.fleet.context.topology,
    });
    expect(reports).toMatchObject([
      {
        queue: 'q',
        total: 12,
        counts: {
          runnable: 6,
          withoutEnvelope: 1,
          unreadable: 2,
          invalid: 1,
          otherFleet: 1,
          unknownShard: 1,
        },
        examples: { unknownShard: [retired.id] },
      },
      { queue: 'empty', total: 0 },
    ]);
    expect(canRunAll(reports)).toBe(false);
    expect(canRunAll(reports.slice(1))).toBe(true);
  });

  it('tells of a job without envelope that signed workers will refuse it, unless they take both', async () => {
    await queues.closing(new Queue('q', queues.base)).add('old', {});
    const counts = async (signing: JobSigning) => {
      const { topology } = queues.fleet.context;
      const [report] = await checkJobs({ ...queues.base, queues: ['q'], topology, signing });
      return report!.counts;
    };
    const signing = testSigning();
    expect(await counts(signing)).toMatchObject({ invalid: 1, withoutEnvelope: 0 });
    const both = { ...signing, acceptUnsigned: true };
    expect(await counts(both)).toMatchObject({ invalid: 0, withoutEnvelope: 1 });
  });
});
