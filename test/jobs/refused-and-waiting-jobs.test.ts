import { Queue } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  DirectoryUnavailableError,
  StaleRouteError,
  TenantFrozenError,
} from '@switchyard/shard-context/internal';
import { TenantNotOnShardError } from '@switchyard/models/internal';
import { jobChannels, type JobWaits, type Sharding } from '@switchyard/jobs/bullmq';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';
import { testSigning } from './house.ts';
import { here } from './small-fleet.ts';

let queues: Queues;
let notes: Notes;
beforeEach(async () => {
  queues = await Queues.open();
  notes = new Notes();
});
afterEach(() => queues.close());

/** A worker that notes where jobs ran and how they ended: `ran …`, `failed …`, `completed`. */
function notingWorker(sharding: Partial<Sharding> = {}, act: () => unknown = () => undefined) {
  const worker = queues.worker(
    'q',
    () => {
      notes.add(`ran ${here()}`);
      return act();
    },
    {},
    sharding,
  );
  worker.on('failed', (_, error) => notes.add(`failed ${error.message.split(':')[0]}`));
  worker.on('completed', () => notes.add('completed'));
  return worker;
}

/** A job whose envelope is written by hand, as another release or a forger would. */
async function addRaw(data: unknown, envelope: unknown, opts = {}) {
  const queue = queues.closing(new Queue('q', queues.base));
  const metadata = JSON.stringify({ switchyard: envelope });
  return queue.add('raw', data, { ...opts, telemetry: { metadata } });
}

const v1 = { v: 1, fleet: 'acme', shard: 'us1', tenant: 't_1', epoch: 1 };
const gid = (tenant: string, shard = 'us1', epoch = 1) => ({
  $gid: `gid://acme/Account/1?shard=${shard}&tenant=${tenant}&e=${epoch}`,
});

describe('a job is refused when it is enqueued', () => {
  it.each([
    ['payload.at', { at: new Date(0) }],
    ['payload.list[1]', { list: [1, undefined] }],
    ['payload.deep["a b"].n', { deep: { 'a b': { n: 5n } } }],
    ['payload.m', { m: new Map() }],
    ['payload.f', { f: () => 1 }],
    ['payload.n', { n: NaN }],
    ['payload.match', { match: /a/.exec('a') }],
  ])('with the path of what JSON would lose: %s', async (path, payload) => {
    const queue = queues.queue('q');
    const refused = expect.objectContaining({ code: 'JOB_PAYLOAD_REFUSED', path });
    await expect(queues.fleet.for('t_1', () => queue.add('one', payload))).rejects.toEqual(refused);
    await expect(queue.addBulk([{ name: 'one', data: payload }])).rejects.toEqual(refused);
    await expect(
      queues.flows().add({
        name: 'p',
        queueName: 'q',
        children: [{ name: 'c', queueName: 'q', data: payload }],
      }),
    ).rejects.toEqual(refused);
    expect(await queue.getJobCountByTypes('waiting', 'waiting-children')).toBe(0);
  });

  it("with another tenant's record in its payload", async () => {
    const queue = queues.queue('q');
    const foreign = { account: queues.fleet.account('t_2') };
    await expect(queues.fleet.for('t_1', () => queue.add('one', foreign))).rejects.toMatchObject({
      code: 'JOB_PLACE_CONFLICT',
    });
  });

  it('with the records of two tenants, outside every context', async () => {
    const data = { a: queues.fleet.account('t_1'), b: queues.fleet.account('t_2') };
    await expect(queues.queue('q').add('one', data)).rejects.toMatchObject({
      code: 'JOB_PLACE_CONFLICT',
    });
  });

  it('by a queue of another fleet', async () => {
    const queue = queues.queue('q', {}, { context: { topology: { fleet: 'x' } } as never });
    await expect(queues.fleet.for('t_1', () => queue.add('one', {}))).rejects.toMatchObject({
      code: 'FLEET_MISMATCH',
    });
  });
});

describe('a job goes to the failed ones with the reason, and its code does not run', () => {
  it.each([
    ['TENANT_UNKNOWN', { ...v1, tenant: 't_9' }, {}],
    ['FLEET_MISMATCH', { ...v1, fleet: 'other' }, {}],
    ['JOB_ENVELOPE_INVALID', { v: 0 }, {}],
    ['JOB_ENVELOPE_INVALID', { ...v1, epoch: 'x' }, {}],
    ['JOB_ENVELOPE_INVALID', v1, { a: { $gid: 'gid://acme/Account/1' } }],
    ['JOB_PLACE_CONFLICT', v1, { a: gid('t_2') }],
    ['JOB_PLACE_CONFLICT', v1, { a: gid('t_1', 'us2', 1) }],
    ['JOB_PLACE_CONFLICT', v1, { a: { $gid: 'gid://acme/Account/1?shard=us2' } }],
    ['JOB_PLACE_CONFLICT', v1, { a: { $gid: 'gid://other/Account/1?shard=us1&tenant=t_1&e=1' } }],
  ])('%s, at once, whatever attempts it has: %o %o', async (code, envelope, data) => {
    notingWorker();
    const job = await addRaw(data, envelope, { attempts: 5 });
    expect(await notes.upTo(1)).toEqual([`failed ${code}`]);
    expect(queues.fleet.located).toEqual([]);
    const stored = await queues.queue('q').getJob(job.id!);
    expect(stored?.failedReason).toContain(code);
  });

  it('a record that says it was seen at another epoch may be on another shard', async () => {
    notingWorker();
    await addRaw({ a: gid('t_1', 'us2', 7) }, v1);
    expect(await notes.upTo(1)).toEqual(['ran us1/t_1@1']);
  });

  it('JOB_ENVELOPE_MISSING, when it was enqueued by a queue that is not ours', async () => {
    notingWorker();
    await queues.closing(new Queue('q', queues.base)).add('old', {});
    expect(await notes.upTo(1)).toEqual(['failed JOB_ENVELOPE_MISSING']);
  });

  it('JOB_RECORD_GONE, unless gone records are to be discarded', async () => {
    queues.fleet.outcomes.set('1', { outcome: 'gone' });
    const worker = notingWorker();
    await addRaw({ a: gid('t_1') }, v1, { attempts: 5 });
    expect(await notes.upTo(1)).toEqual(['failed JOB_RECORD_GONE']);
    await worker.close();
    notingWorker({ onGone: 'discard' });
    await addRaw({ a: gid('t_1') }, v1);
    expect(await notes.upTo(2)).toEqual(['failed JOB_RECORD_GONE', 'completed']);
  });

  it('what the shard said, when its record cannot be read until the schema changes', async () => {
    const cause = new Error('no such table');
    queues.fleet.outcomes.set('1', { outcome: 'unavailable', cause, answered: true });
    notingWorker();
    await addRaw({ a: gid('t_1') }, v1, { attempts: 2 });
    expect(await notes.upTo(2)).toEqual(['failed no such table', 'failed no such table']);
    expect(queues.fleet.located).toHaveLength(2);
  });

  it('JOB_RECORD_MISROUTED', async () => {
    queues.fleet.outcomes.set('1', { outcome: 'misrouted', reason: 'it is not there' });
    notingWorker();
    await addRaw({ a: gid('t_1') }, v1, { attempts: 5 });
    expect(await notes.upTo(1)).toEqual(['failed JOB_RECORD_MISROUTED']);
  });
});

describe('a job waits without failing and without using up an attempt', () => {
  it('while its tenant is frozen', async () => {
    queues.fleet.move('t_1', 'us1', 'frozen');
    notingWorker();
    const job = await addRaw({}, v1);
    const queue = queues.queue('q');
    await expect
      .poll(async () => (await queue.getJob(job.id!))?.attemptsStarted)
      .toBeGreaterThan(1);
    expect(notes.all).toEqual([]);
    queues.fleet.move('t_1', 'eu1');
    expect(await notes.upTo(2)).toEqual(['ran eu1/t_1@3', 'completed']);
    expect((await queue.getJob(job.id!))?.attemptsMade).toBe(1);
  });

  it.each([
    ['of a tenant that has moved to one', v1, 'eu1/t_1@3'],
    ['of no tenant', { v: 1, fleet: 'acme', shard: 'new9' }, undefined],
  ])(
    'while its shard is one that this worker does not know yet: %s',
    async (_, envelope, place) => {
      queues.fleet.move('t_1', 'new9');
      notingWorker();
      const job = await addRaw({}, envelope, { attempts: 5 });
      const queue = queues.queue('q');
      await expect
        .poll(async () => (await queue.getJob(job.id!))?.attemptsStarted)
        .toBeGreaterThan(1);
      expect(notes.all).toEqual([]);
      if (place === undefined) return;
      queues.fleet.move('t_1', 'eu1');
      expect(await notes.upTo(2)).toEqual([`ran ${place}`, 'completed']);
      expect((await queue.getJob(job.id!))?.attemptsMade).toBe(1);
    },
  );

  it('while the directory does not answer', async () => {
    queues.fleet.failNext = new DirectoryUnavailableError('locate a tenant');
    notingWorker();
    await addRaw({}, v1);
    expect(await notes.upTo(2)).toEqual(['ran us1/t_1@1', 'completed']);
  });

  it('while the shard of a record does not answer', async () => {
    queues.fleet.outcomes.set('1', { outcome: 'unavailable', cause: new Error('down') });
    notingWorker();
    await addRaw({ a: gid('t_1') }, v1);
    await expect.poll(() => queues.fleet.located.length).toBeGreaterThan(1);
    queues.fleet.outcomes.clear();
    expect(await notes.upTo(2)).toEqual(['ran us1/t_1@1', 'completed']);
  });

  it('and a channel tells why it waits, how often it has, and when it is tried again', async () => {
    const told: JobWaits[] = [];
    const listen = (message: unknown) => void told.push(message as JobWaits);
    jobChannels.waits.subscribe(listen);
    queues.fleet.move('t_1', 'us1', 'frozen');
    notingWorker();
    const job = await addRaw({}, v1);
    await expect.poll(() => told.length).toBe(4);
    jobChannels.waits.unsubscribe(listen);
    const why = {
      queue: 'q',
      job: job.id,
      code: 'TENANT_FROZEN',
      message: expect.stringContaining('t_1'),
    };
    const after = (times: number, retryAfterMs: number) => ({ ...why, times, retryAfterMs });
    expect(told).toEqual([after(1, 20), after(2, 40), after(3, 80), after(4, 160)]);
  });

  it('when the shard itself refuses its write, because its tenant froze or moved meanwhile', async () => {
    const at = { attempted: 'insert', shard: 'us1', tenant: 't_1' };
    const refusals = [new TenantFrozenError(at), new StaleRouteError({ ...at, seenEpoch: 1 })];
    notingWorker({}, () => {
      const refusal = refusals.shift();
      if (refusals.length === 0) queues.fleet.move('t_1', 'eu1');
      if (refusal !== undefined) throw refusal;
    });
    await addRaw({}, v1);
    expect((await notes.upTo(4)).slice(0, 2)).toEqual(['ran us1/t_1@1', 'ran us1/t_1@1']);
    expect(notes.all[2]).toMatch(/^ran eu1\/t_1/);
    expect(notes.all[3]).toBe('completed');
  });

  it('also where its host has wrapped the refusal of the shard as a cause', async () => {
    const refusal = new TenantFrozenError({ attempted: 'insert', shard: 'us1', tenant: 't_1' });
    const wrapped = [new TypeError('of the host', { cause: refusal })];
    notingWorker({}, () => {
      const error = wrapped.pop();
      if (error !== undefined) throw error;
    });
    await addRaw({}, v1);
    expect(await notes.upTo(3)).toEqual(['ran us1/t_1@1', 'ran us1/t_1@1', 'completed']);
  });

  it('when its shard has never heard of its tenant, once the directory knows better', async () => {
    const absent = new TenantNotOnShardError({ attempted: 'insert', shard: 'us1', tenant: 't_1' });
    const moves = [() => queues.fleet.move('t_1', 'eu1'), () => undefined];
    notingWorker({}, () => {
      const move = moves.shift();
      move?.();
      if (move !== undefined) throw absent;
    });
    await addRaw({}, v1);
    expect((await notes.upTo(3)).map((note) => note.split(' ')[0])).toEqual([
      'ran',
      'ran',
      'failed',
    ]);
    expect(notes.all.slice(0, 2)).toEqual(['ran us1/t_1@1', 'ran eu1/t_1@2']);
  });

  it('while its envelope is of a newer release than the worker', async () => {
    const worker = notingWorker({ readsUpTo: 1 });
    const job = await addRaw({}, { v: 2, fleet: 'acme' });
    const queue = queues.queue('q');
    await expect
      .poll(async () => (await queue.getJob(job.id!))?.attemptsStarted)
      .toBeGreaterThan(1);
    expect(await job.getState()).toMatch(/delayed|active/);
    expect(notes.all).toEqual([]);
    await worker.close();
  });
});

describe('a job of before the deploy', () => {
  it('runs where the routing key leads that onMissingEnvelope answers with', async () => {
    queues.fleet.keys.set('api-key:k1', 't_2');
    notingWorker({
      onMissingEnvelope: (job) => ({ kind: 'api-key', value: (job.data as { key: string }).key }),
    });
    const plain = queues.closing(new Queue('q', queues.base));
    await plain.add('old', { key: 'k1' });
    await plain.add('old', { key: 'k2' });
    expect(await notes.sorted(3)).toEqual(['completed', 'failed KEY_UNKNOWN', 'ran us2/t_2@1']);
  });

  it('is refused unasked where signed jobs only are run: whoever takes an envelope off names no place', async () => {
    queues.fleet.keys.set('api-key:k1', 't_2');
    const onMissingEnvelope = () => ({ kind: 'api-key', value: 'k1' });
    const worker = notingWorker({ onMissingEnvelope, signing: testSigning() });
    const plain = queues.closing(new Queue('q', queues.base));
    await plain.add('old', {});
    expect(await notes.upTo(1)).toEqual(['failed JOB_ENVELOPE_INVALID']);
    await worker.close();
    notingWorker({ onMissingEnvelope, signing: { ...testSigning(), acceptUnsigned: true } });
    await plain.add('old', {});
    expect((await notes.upTo(3)).slice(1)).toEqual(['ran us2/t_2@1', 'completed']);
  });

  it('is refused where the answer is none', async () => {
    notingWorker({ onMissingEnvelope: () => Promise.resolve(undefined) });
    await queues.closing(new Queue('q', queues.base)).add('old', {});
    expect(await notes.upTo(1)).toEqual(['failed JOB_ENVELOPE_MISSING']);
  });
});
