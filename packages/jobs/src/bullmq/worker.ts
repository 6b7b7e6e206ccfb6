import {
  type Job,
  type Span,
  type SpanKind,
  Worker,
  type WorkerListener,
  type WorkerOptions,
} from 'bullmq';
import { outsideContext } from '@switchyard/shard-context';
import { onRunningPlace } from '../running-place.ts';
import {
  placedProcessor,
  runningPlaceOf,
  shardedProcessor,
  type JobProcessor,
} from './processor.ts';
import { StoredJob } from './sharded-job.ts';
import type { Sharding } from './sharding.ts';
import { composed } from './telemetry.ts';
import { untraced } from './untraced.ts';

/** BullMQ's own options, and the sharding. */
export interface ShardedWorkerOptions extends WorkerOptions {
  readonly sharding: Sharding;
}

/**
 * A BullMQ worker that runs each job in its own context: on today's placement of its tenant, with
 * the records of the payload in `job.data`. `completed`, `failed` and `progress` listeners run there
 * as well. The context in which the worker was built reaches no job.
 *
 * The processor may be a file that BullMQ runs in its own process or thread: the file exports
 * `shardedProcessor(fn, sharding)`.
 */
export class ShardedWorker<
  Data = unknown,
  Result = unknown,
  Name extends string = string,
> extends Worker<Data, Result, Name> {
  constructor(
    name: string,
    processor: JobProcessor<Job<Data, Result, Name>, Result> | string | URL | null,
    options: ShardedWorkerOptions,
  ) {
    const { sharding } = options;
    const ours =
      typeof processor === 'function' ? shardedProcessor(processor as never, sharding) : processor;
    super(name, ours as never, composed(options));
  }

  protected override get Job(): typeof Job {
    return StoredJob as unknown as typeof Job;
  }

  /** Opens the connections outside every context: a socket keeps the context that opened it. */
  protected override createBackend(): void {
    outsideContext(() => super.createBackend());
  }

  /** Starts the loop outside every context. */
  override run(): Promise<void> {
    return outsideContext(() => super.run());
  }

  /** BullMQ's own `trace` where there is telemetry. */
  override trace<T>(
    kind: SpanKind,
    operation: string,
    destination: string,
    fn: (span?: Span, metadata?: string) => Promise<T> | T,
    metadata?: string,
  ): Promise<T | Promise<T>> {
    return this.opts.telemetry === undefined
      ? untraced(fn)
      : super.trace(kind, operation, destination, fn, metadata);
  }

  /** A processor in a file restores the job itself; here the job only enters its place, or is refused. */
  protected override createSandbox(processor: unknown): void {
    super.createSandbox(processor as never);
    const { sharding } = this.opts as ShardedWorkerOptions;
    this.processFn = placedProcessor(this.processFn, sharding);
  }

  /** Aborts outside the caller's context, because that belongs to another job or tenant. */
  override cancelJob(jobId: string, reason?: string): boolean {
    return outsideContext(() => super.cancelJob(jobId, reason));
  }

  /** The same for all. */
  override cancelAllJobs(reason?: string): void {
    outsideContext(() => super.cancelAllJobs(reason));
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Listeners of a job's events run at the place of that job, and all others outside every context.
   * The caller's context may be another one: a job may report its progress while its code is at another
   * place, and telemetry fetches the next job inside the context of the last.
   */
  override emit<E extends keyof WorkerListener<Data, Result, Name>>(
    event: E,
    ...args: Parameters<WorkerListener<Data, Result, Name>[E]>
  ): boolean {
    // No listener is called. Without a listener, BullMQ prints an error itself.
    if (event !== 'error' && this.listenerCount(event) === 0) return false;
    const place = runningPlaceOf(args[0]);
    let isTold = false;
    const emit = () => {
      isTold = super.emit(event, ...args);
      // No code awaits a listener, so the later work of an asynchronous listener is no late use.
      return new Promise<never>(() => undefined);
    };
    if (place === undefined) return outsideContext(() => super.emit(event, ...args));
    const { sharding } = this.opts as ShardedWorkerOptions;
    const openedBy = `a listener of ${event} on queue ${this.name}`;
    void outsideContext(() =>
      onRunningPlace(sharding.context, place, emit, { lock: true, openedBy }),
    );
    return isTold;
  }
}
