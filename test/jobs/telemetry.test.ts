import { Queue, Worker, type Span, type Telemetry } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shardedProcessor, shardTelemetry } from '@switchyard/jobs/bullmq';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';
import { here } from './small-fleet.ts';

/** A user's own telemetry: its context is a trace id, and it notes its spans and their parents. */
class Tracing implements Telemetry<string> {
  readonly spans = new Notes();
  current = 'none';

  readonly tracer = {
    startSpan: (name: string, _options?: unknown, parent?: string): Span<string> => {
      this.spans.add(`${name} < ${parent ?? this.current}`);
      return {
        setSpanOnContext: (context: string) => `${context}/${name}`,
        setAttribute: () => undefined,
        setAttributes: () => undefined,
        addEvent: () => undefined,
        recordException: () => undefined,
        end: () => undefined,
      };
    },
  };

  readonly contextManager = {
    with: <F extends (...args: never[]) => unknown>(context: string, fn: F): ReturnType<F> => {
      this.current = context;
      return fn() as ReturnType<F>;
    },
    active: () => this.current,
    getMetadata: (context: string) => `trace:${context}`,
    fromMetadata: (_active: string, metadata: string) => metadata.slice('trace:'.length),
  };
}

let queues: Queues;
let notes: Notes;
let tracing: Tracing;
beforeEach(async () => {
  queues = await Queues.open();
  notes = new Notes();
  tracing = new Tracing();
});
afterEach(() => queues.close());

const metadataOf = async (id: string | undefined) =>
  (await queues.queue('q').getJob(id!))?.opts.telemetry?.metadata;

describe("the user's own telemetry", () => {
  it('goes on beside the shard context, from producer to worker', async () => {
    const queue = queues.queue('q', { telemetry: tracing });
    tracing.current = 'request';
    const { id } = await queues.fleet.for('t_1', () => queue.add('one', {}));
    expect(JSON.parse((await metadataOf(id))!)).toEqual({
      switchyard: { v: 1, fleet: 'acme', shard: 'us1', tenant: 't_1', epoch: 1 },
      telemetry: 'trace:request/add q.one',
    });
    const inWorker = new Tracing();
    queues.worker('q', () => notes.add(`${here()} ${inWorker.current}`), { telemetry: inWorker });
    expect(await notes.upTo(1)).toEqual(['us1/t_1@1 request/add q.one/process q']);
    expect(inWorker.spans.all).toContain('process q < request/add q.one');
  });

  it.each(['addBulk', 'flow', 'scheduler'])('goes on in %s', async (way) => {
    tracing.current = 'request';
    const queue = queues.queue('q', { telemetry: tracing });
    const flows = queues.flows({ telemetry: tracing });
    const add = {
      addBulk: async () => (await queue.addBulk([{ name: 'one', data: {} }]))[0],
      flow: async () => (await flows.add({ name: 'one', queueName: 'q' })).job,
      scheduler: () => queue.upsertJobScheduler('s', { every: 60_000 }, { name: 'one' }),
    }[way]!;
    const job = await queues.fleet.for('t_2', add);
    const metadata = JSON.parse((await metadataOf(job!.id))!) as { telemetry: string };
    expect(metadata.telemetry).toMatch(/^trace:request/);
    queues.worker('q', () => notes.add(here()));
    expect(await notes.upTo(1)).toEqual(['us2/t_2@1']);
    await queue.removeJobScheduler('s');
  });

  it('may be left out of a job, whose place travels all the same', async () => {
    const queue = queues.queue('q', { telemetry: tracing });
    const opts = { telemetry: { omitContext: true } };
    const { id } = await queues.fleet.for('t_1', () => queue.add('one', {}, opts));
    expect(await metadataOf(id)).not.toContain('trace:');
    queues.worker('q', () => notes.add(here()));
    expect(await notes.upTo(1)).toEqual(['us1/t_1@1']);
  });

  it('gets back what it wrote on jobs of before the deploy', async () => {
    const inWorker = new Tracing();
    const plain = queues.closing(new Queue('q', { ...queues.base, telemetry: tracing }));
    tracing.current = 'old request';
    await plain.add('one', {});
    queues.fleet.keys.set('k:v', 't_3');
    queues.worker(
      'q',
      () => notes.add(`${here()} ${inWorker.current}`),
      { telemetry: inWorker },
      { onMissingEnvelope: () => ({ kind: 'k', value: 'v' }) },
    );
    expect(await notes.upTo(1)).toEqual(['eu1/t_3@1 old request/add q.one/process q']);
  });

  it('keeps the place of a job that is retried', async () => {
    const queue = queues.queue('q', { telemetry: tracing });
    await queues.fleet.for('t_1', () => queue.add('one', {}, { attempts: 2 }));
    queues.worker(
      'q',
      (job) => {
        notes.add(here());
        if (job.attemptsMade === 0) throw new Error('once more');
      },
      { telemetry: tracing },
    );
    expect(await notes.upTo(2)).toEqual(['us1/t_1@1', 'us1/t_1@1']);
  });
});

describe('shardTelemetry on plain BullMQ', () => {
  it('carries the place from a plain queue to a plain worker, in retries too', async () => {
    const telemetry = shardTelemetry();
    const plain = queues.closing(new Queue('q', { ...queues.base, telemetry }));
    const processor = shardedProcessor((job) => {
      notes.add(`${job.name} ${here()}`);
      if (job.attemptsMade === 0) throw new Error('once more');
    }, queues.sharding);
    await queues.fleet.for('t_1', () => plain.add('one', {}, { attempts: 2 }));
    await queues.fleet.for('t_2', () =>
      plain.addBulk([{ name: 'two', data: {}, opts: { attempts: 2 } }]),
    );
    await queues.fleet.for('t_3', () =>
      queues.closing(new Worker('q', processor as never, { ...queues.base, telemetry })),
    );
    expect(await notes.sorted(4)).toEqual([
      'one us1/t_1@1',
      'one us1/t_1@1',
      'two us2/t_2@1',
      'two us2/t_2@1',
    ]);
  });

  it('gives a job that carries nothing no place of its worker', async () => {
    const telemetry = shardTelemetry();
    await queues.fleet.for('t_3', () =>
      queues.closing(
        new Worker('q', () => Promise.resolve(notes.add(here())), { ...queues.base, telemetry }),
      ),
    );
    await queues.closing(new Queue('q', queues.base)).add('one', {});
    expect(await notes.upTo(1)).toEqual(['nowhere']);
  });
});
