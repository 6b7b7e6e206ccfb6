import { Queue, type Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sharding } from '@switchyard/jobs/bullmq';
import { testSigning } from './house.ts';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';
import { Account } from './small-fleet.ts';

let queues: Queues;
let notes: Notes<unknown>;
beforeEach(async () => {
  queues = await Queues.open();
  notes = new Notes();
});
afterEach(() => queues.close());

/** A worker whose first attempt changes the payload and fails, and whose second notes it. */
function changing(change: (job: Job) => unknown, sharding: Partial<Sharding> = {}) {
  const worker = queues.worker<unknown>(
    'q',
    async (job) => {
      if (job.attemptsMade > 0) return notes.add(job.data);
      await job.updateData(change(job));
      throw new Error('once more');
    },
    {},
    sharding,
  );
  worker.on('failed', (job, error) => {
    if (job?.attemptsMade !== 1 || !error.message.includes('once more')) notes.add(error.message);
  });
}

describe('what a job’s code makes of its payload is what its next attempt gets', () => {
  const added = (job: Job) => ({ ...(job.data as object), also: queues.fleet.account('t_1', '8') });
  const both = { account: expect.any(Account) as unknown, also: expect.any(Account) as unknown };

  it('of a job that was signed', async () => {
    const signing = testSigning();
    changing(added, { signing });
    const data = { account: queues.fleet.account('t_1', '7') };
    await queues.queue('q', {}, { signing }).add('one', data, { attempts: 2 });
    expect(await notes.upTo(1)).toEqual([both]);
  });

  it('of a job that was not, by a worker that signs and still runs unsigned ones', async () => {
    changing(added, { signing: { ...testSigning(), acceptUnsigned: true } });
    const data = { account: queues.fleet.account('t_1', '7') };
    await queues.queue('q').add('one', data, { attempts: 2 });
    expect(await notes.upTo(1)).toEqual([both]);
  });

  it('of a job of before the deploy, as plain JSON, whatever its keys are called', async () => {
    queues.fleet.keys.set('k:v', 't_1');
    const changed = { $json: { $gid: 'mine' }, n: 2 };
    changing(() => changed, { onMissingEnvelope: () => ({ kind: 'k', value: 'v' }) });
    await queues.closing(new Queue('q', queues.base)).add('old', { n: 1 }, { attempts: 2 });
    expect(await notes.upTo(1)).toEqual([changed]);
  });

  it('of a job of before the deploy no record, because nobody would locate it', async () => {
    queues.fleet.keys.set('k:v', 't_1');
    changing(added, { onMissingEnvelope: () => ({ kind: 'k', value: 'v' }) });
    await queues.closing(new Queue('q', queues.base)).add('old', { n: 1 });
    expect(await notes.upTo(1)).toEqual([expect.stringContaining('payload.also')]);
  });
});

describe('reference data of a job whose tenant moved', () => {
  const country = (shard: string) => new Account('fr', shard);

  /** Made on us1, run on eu1: the code changes the payload, and the next attempt notes it. */
  async function moved(data: object, change: (job: Job) => unknown): Promise<unknown[]> {
    changing(change);
    const queue = queues.queue('q');
    await queue.pause();
    await queues.fleet.for('t_1', () => queue.add('one', data, { attempts: 2 }));
    queues.fleet.move('t_1', 'eu1');
    await queue.resume();
    return notes.upTo(1);
  }

  it('may be of the shard where it runs, put in there', async () => {
    const [payload] = await moved({}, () => ({ step: 1, country: country('eu1') }));
    expect(payload).toMatchObject({ step: 1, country: { shard: 'eu1' } });
  });

  it('may be of the shard where it was made, and is kept with a step', async () => {
    const data = { country: country('us1') };
    const [payload] = await moved(data, (job) => ({ ...(job.data as object), step: 1 }));
    expect(payload).toMatchObject({ step: 1, country: { shard: 'us1' } });
  });

  it('is of no third shard', async () => {
    const [refused] = await moved({}, () => ({ country: country('us2') }));
    expect(refused).toContain('us2');
  });
});

it('a payload of null stays null, as it does with BullMQ', async () => {
  queues.worker('q', (job) => notes.add(job.data));
  await queues.fleet.for('t_1', () => queues.queue<null>('q').add('one', null));
  await queues.fleet.for('t_1', () => queues.queue('q').add('two', undefined));
  expect(await notes.upTo(2)).toEqual([null, {}]);
});
