import type { Job, JobProgress, Queue, Worker } from 'bullmq';
import { describe, expectTypeOf, it } from 'vitest';
import type { shardedClasses } from './classes.ts';
import type { ShardedQueue } from './queue.ts';
import type { ShardedWorker } from './worker.ts';

// The compiler checks this file (`npm run types`): a wrong type does not compile.

interface Scan {
  readonly document: string;
}
type Pages = number;
type Name = 'scan' | 'rescan';
type ScanJob = Job<Scan, Pages, Name>;

describe('a sharded queue', () => {
  type Scans = ShardedQueue<Scan, Pages, Name>;

  it('is BullMQ’s queue of the same types', () => {
    expectTypeOf<Scans>().toExtend<Queue<Scan, Pages, Name>>();
  });

  it('takes its own names and data, and answers its own jobs', () => {
    expectTypeOf<Scans['add']>().parameter(0).toEqualTypeOf<Name>();
    expectTypeOf<Scans['add']>().parameter(1).toEqualTypeOf<Scan>();
    expectTypeOf<Scans['add']>().returns.resolves.toEqualTypeOf<ScanJob>();
    expectTypeOf<Scans['addBulk']>()
      .parameter(0)
      .items.toHaveProperty('data')
      .toEqualTypeOf<Scan>();
  });

  it('keeps BullMQ’s types in its getters', () => {
    expectTypeOf<Scans['getJob']>().returns.resolves.toEqualTypeOf<ScanJob | undefined>();
    expectTypeOf<Scans['getJobs']>().returns.resolves.toEqualTypeOf<ScanJob[]>();
    expectTypeOf<Scans['getFailed']>().returns.resolves.toEqualTypeOf<ScanJob[]>();
  });

  it('keeps BullMQ’s types in its events', () => {
    const listen = (queue: Scans) =>
      queue.on('waiting', (job) => expectTypeOf(job).toEqualTypeOf<ScanJob>());
    expectTypeOf(listen).returns.toEqualTypeOf<Scans>();
  });
});

describe('a sharded worker', () => {
  type Scanner = ShardedWorker<Scan, Pages, Name>;

  it('is BullMQ’s worker of the same types', () => {
    expectTypeOf<Scanner>().toExtend<Worker<Scan, Pages, Name>>();
  });

  it('passes its own jobs to its processor, and accepts only its own result', () => {
    type Processor = Extract<
      ConstructorParameters<typeof ShardedWorker<Scan, Pages, Name>>[1],
      (...args: never[]) => unknown
    >;
    expectTypeOf<Processor>().parameter(0).toEqualTypeOf<ScanJob>();
    expectTypeOf<Processor>().returns.toEqualTypeOf<Promise<Pages> | Pages>();
  });

  it('keeps BullMQ’s types in its events', () => {
    const listen = (worker: Scanner) =>
      worker
        .on('completed', (job, result) => {
          expectTypeOf(job).toEqualTypeOf<ScanJob>();
          expectTypeOf(result).toEqualTypeOf<Pages>();
        })
        .on('failed', (job) => expectTypeOf(job).toEqualTypeOf<ScanJob | undefined>())
        .on('progress', (_job, progress) => expectTypeOf(progress).toEqualTypeOf<JobProgress>());
    expectTypeOf(listen).returns.toEqualTypeOf<Scanner>();
  });
});

describe('the classes for frameworks', () => {
  it('are generic as BullMQ’s are', () => {
    type Classes = ReturnType<typeof shardedClasses>;
    const make = ({ Queue: Queues, Worker: Workers }: Classes) => ({
      queue: new Queues<Scan, Pages, Name>('scans', { connection: {} }),
      worker: new Workers<Scan, Pages, Name>('scans', ({ data }) => data.document.length, {
        connection: {},
      }),
    });
    expectTypeOf(make)
      .returns.toHaveProperty('queue')
      .toEqualTypeOf<ShardedQueue<Scan, Pages, Name>>();
    expectTypeOf(make)
      .returns.toHaveProperty('worker')
      .toEqualTypeOf<ShardedWorker<Scan, Pages, Name>>();
  });
});
