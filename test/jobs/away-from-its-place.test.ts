import { Queue, type Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentFrame, unlocked, type Placement } from '@switchyard/shard-context';
import { shardTelemetry } from '@switchyard/jobs/bullmq';
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

/** Runs `fn` at the place of another tenant, as a job may that visits it. */
function visiting<T>(tenant: string, fn: () => Promise<T>): Promise<T> {
  const { context, placements } = queues.fleet;
  return unlocked('a visit', () =>
    context.onPlacement(placements.get(tenant) as Placement, fn, { lock: true }),
  );
}

const codeOf = (error: unknown): string => (error as { code: string }).code;

describe('progress that a job tells while it visits another place', () => {
  const progressOf = async (tenant: string | undefined, visit: (job: Job) => Promise<unknown>) => {
    const worker = queues.worker('q', async (job) => {
      await visit(job);
      notes.add('done');
    });
    worker.on('progress', (job) => notes.add(`${job.name} ${here()}`));
    worker.on('failed', (_, error) => notes.add(`failed ${codeOf(error)}`));
    const add = () => queues.queue('q').add('progress', {});
    await (tenant === undefined ? add() : queues.fleet.for(tenant, add));
    return notes.upTo(2);
  };

  it('reaches its listeners at the job’s place', async () => {
    const visit = (job: Job) => visiting('t_2', () => job.updateProgress(5));
    expect(await progressOf('t_1', visit)).toEqual(['progress us1/t_1@1', 'done']);
  });

  it('does so inside a transaction of that place as well', async () => {
    const visit = (job: Job) =>
      visiting('t_2', async () => {
        const ended = currentFrame()!.activity.transactionOpened();
        await job.updateProgress(5).finally(() => ended('committed'));
      });
    expect(await progressOf('t_1', visit)).toEqual(['progress us1/t_1@1', 'done']);
  });

  it('reaches listeners of a job without a place outside every context', async () => {
    const visit = (job: Job) => visiting('t_2', () => job.updateProgress(5));
    expect(await progressOf(undefined, visit)).toEqual(['progress nowhere', 'done']);
  });
});

describe('updateData while a job visits another place', () => {
  const updated = async (dataOf: () => object) => {
    queues.worker('q', (job) =>
      visiting('t_2', () => job.updateData(dataOf())).then(
        () => notes.add('taken'),
        (error: unknown) => notes.add(codeOf(error)),
      ),
    );
    await queues.fleet.for('t_1', () => queues.queue('q').add('one', {}));
    return notes.upTo(1);
  };

  it('takes records of the job’s own tenant', async () => {
    expect(await updated(() => ({ own: queues.fleet.account('t_1') }))).toEqual(['taken']);
  });

  it('refuses records of the tenant that is visited', async () => {
    const foreign = () => ({ foreign: queues.fleet.account('t_2') });
    expect(await updated(foreign)).toEqual(['JOB_PLACE_CONFLICT']);
  });
});

describe('a job outside its processor', () => {
  it('refuses a record in updateData, with its path, and takes what travels', async () => {
    const queue = queues.queue('q');
    const { fleet } = queues;
    const added = await fleet.for('t_1', () => queue.add('one', { n: 1 }, { delay: 100_000 }));
    const job = (await queue.getJob(added.id!)) as Job;
    const refused = { code: 'JOB_PAYLOAD_REFUSED', path: 'payload.account' };
    const account = fleet.account('t_1', '7');
    await expect(added.updateData({ account })).rejects.toMatchObject(refused);
    await expect(job.updateData({ account })).rejects.toMatchObject(refused);
    await job.updateData({ account: { $gid: 'gid://acme/Account/7?shard=us1&tenant=t_1&e=1' } });
    await job.promote();
    const seen = new Notes<unknown>();
    queues.worker('q', ({ data }) => seen.add((data as { account: unknown }).account));
    expect(await seen.upTo(1)).toEqual([expect.any(Account)]);
  });

  it('does so in a listener', async () => {
    const worker = queues.worker('q', () => undefined);
    worker.on('completed', (job) => {
      const data = { account: queues.fleet.account('t_1') };
      job.updateData(data).catch((error: unknown) => notes.add(codeOf(error)));
    });
    await queues.fleet.for('t_1', () => queues.queue('q').add('one', {}));
    expect(await notes.upTo(1)).toEqual(['JOB_PAYLOAD_REFUSED']);
  });
});

describe('a listener', () => {
  it('is at its job’s place as long as it works, and warned of nothing', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error) => void warnings.push(warning.message);
    process.on('warning', onWarning);
    const other = queues.queue('other');
    queues
      .worker('q', () => 1)
      .on('completed', () => {
        void new Promise((done) => setTimeout(done, 5))
          .then(() => other.add('next', {}))
          .then(() => notes.add(here()));
      });
    await queues.fleet.for('t_1', () => queues.queue('q').add('one', {}));
    expect(await notes.upTo(1)).toEqual(['us1/t_1@1']);
    const [next] = await other.getJobs(['waiting']);
    expect(next?.opts.telemetry?.metadata).toContain('t_1');
    await new Promise((done) => setImmediate(done)); // warnings are emitted in the next turn
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });

  it('hears nothing of a job for a shard that its worker does not know yet, and the next job runs', async () => {
    const queue = queues.queue('q');
    await queues.fleet.for('t_1', () => queue.add('one', {}));
    await queues.fleet.for('t_2', () => queue.add('two', {}));
    queues.fleet.move('t_1', 'new9');
    const worker = queues.worker('q', (job) => notes.add(`ran ${job.name} ${here()}`));
    worker.on('failed', (job, error) => notes.add(`failed ${job?.name} ${error.message}`));
    expect(await notes.upTo(1)).toEqual(['ran two us2/t_2@1']);
    await expect.poll(async () => (await queue.getDelayed())[0]?.name).toBe('one');
    expect(notes.all).toHaveLength(1);
  });

  it('of active and drained is not at the place of the job before, with telemetry either', async () => {
    const telemetry = shardTelemetry();
    const worker = queues.worker('q', () => undefined, { telemetry });
    const other = queues.closing(new Queue('other', { ...queues.base, telemetry }));
    worker.on('active', ({ name }) => void other.add(`active ${name}`, {}));
    worker.on('drained', () => void other.add('drained', {}).then(() => notes.add('drained')));
    await worker.pause();
    await queues.fleet.for('t_1', () => queues.queue('q').add('one', {}));
    await queues.fleet.for('t_2', () => queues.queue('q').add('two', {}));
    void worker.resume();
    await notes.upTo(1);
    const jobs = await other.getJobs(['waiting'], 0, -1, true);
    expect(jobs.map(({ name, opts }) => [name, opts.telemetry?.metadata])).toEqual([
      ['active one', undefined],
      ['active two', undefined],
      ['drained', undefined],
    ]);
  });

  it('of an abort hears it outside the context of whoever cancels the job', async () => {
    const queue = queues.queue('q');
    const worker = queues.worker('q', async (_job, _token, signal) => {
      const aborted = new Promise<void>((done) =>
        signal?.addEventListener('abort', () => {
          notes.add(`aborted ${here()} ${String(signal.reason)}`);
          done();
        }),
      );
      notes.add('begun');
      await aborted;
      notes.add(`ends ${here()}`);
    });
    const { id } = await queues.fleet.for('t_1', () => queue.add('long', {}));
    await notes.upTo(1);
    expect(await queues.fleet.for('t_2', () => worker.cancelJob(id!, 'why'))).toBe(true);
    expect(await notes.upTo(3)).toEqual(['begun', 'aborted nowhere why', 'ends us1/t_1@1']);
  });
});
