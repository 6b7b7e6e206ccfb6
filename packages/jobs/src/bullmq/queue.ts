import { randomUUID } from 'node:crypto';
import {
  Queue,
  type Job,
  type JobSchedulerTemplateOptions,
  type JobsOptions,
  type QueueOptions,
  type RepeatOptions,
  type Span,
  type SpanKind,
} from 'bullmq';
import { AfterCommitSends } from '../after-commit-sends.ts';
import { prepare, type Prepared, type ShardedJobsOptions } from './prepare.ts';
import { ShardedJob, withEnvelopeAsMetadata } from './sharded-job.ts';
import type { Sharding } from './sharding.ts';
import { composed, ownMetadata } from './telemetry.ts';
import { tellError } from './tell-error.ts';
import { untraced } from './untraced.ts';

/** BullMQ's own options, and the sharding. */
export interface ShardedQueueOptions extends QueueOptions {
  readonly sharding: Sharding;
}

/** One job of `addBulk`. */
export interface ShardedBulkJob<Data, Name extends string = string> {
  readonly name: Name;
  readonly data: Data;
  readonly opts?: ShardedJobsOptions;
}

/**
 * A BullMQ queue whose jobs keep their place: records in a payload travel as global IDs, and the
 * job runs where its tenant then lives. Inside a transaction a job is sent after the commit, and is
 * not sent after a rollback; `add` resolves at once, with the id that the job will have. The job is
 * kept in memory: a process that dies between commit and sending loses it.
 */
export class ShardedQueue<
  Data = unknown,
  Result = unknown,
  Name extends string = string,
> extends Queue<Data, Result, Name, Data, Result, Name> {
  readonly #sharding: Sharding;
  readonly #afterCommit = new AfterCommitSends((error) => tellError(this, error));

  constructor(name: string, options: ShardedQueueOptions) {
    super(name, composed(options));
    this.#sharding = options.sharding;
  }

  protected override get Job(): typeof Job {
    return ShardedJob as unknown as typeof Job;
  }

  /**
   * Adds a job to run at its place.
   * @throws JobPayloadRefusedError, JobPlaceConflictError, FleetMismatchError; nothing was enqueued
   */
  override async add(
    name: Name,
    data: Data,
    opts?: ShardedJobsOptions,
  ): Promise<Job<Data, Result, Name>> {
    const prepared = prepare(this.#sharding, data, opts);
    const send = () => super.add(name, prepared.data, prepared.opts);
    const named = { name, prepared };
    return this.#isKept([named], send) ? this.#unsent(named) : await send();
  }

  /**
   * Adds jobs in one round trip; each keeps its own place, from `opts.at`, the context or its records.
   * @throws as `add`; nothing was enqueued
   */
  override async addBulk(jobs: ShardedBulkJob<Data, Name>[]): Promise<Job<Data, Result, Name>[]> {
    const named = jobs.map(({ name, data, opts }) => ({
      name,
      prepared: prepare(this.#sharding, data, opts),
    }));
    const send = () =>
      super.addBulk(named.map(({ name, prepared }) => ({ name, ...prepared })) as never[]);
    if (this.#isKept(named, send)) return named.map((one) => this.#unsent(one));
    return send();
  }

  /**
   * Makes or replaces a scheduler; each of its jobs runs at the place where it was made.
   * @throws as `add`; nothing was scheduled
   */
  override async upsertJobScheduler(
    jobSchedulerId: Name,
    repeatOpts: Omit<RepeatOptions, 'key'>,
    template: {
      name?: Name;
      data?: Data;
      opts?: JobSchedulerTemplateOptions & { readonly at?: ShardedJobsOptions['at'] };
    } = {},
  ): Promise<Job<Data, Result, Name>> {
    const { data, opts } = prepare(this.#sharding, template.data, template.opts);
    // The template is stored before any job is built from it, so the text is added here.
    const telemetry = { metadata: ownMetadata(this.opts.telemetry), ...opts.telemetry };
    const stored = withEnvelopeAsMetadata({ ...opts, telemetry });
    const send = () =>
      super.upsertJobScheduler(jobSchedulerId, repeatOpts, { ...template, data, opts: stored });
    const name = template.name ?? jobSchedulerId;
    if (!this.#afterCommit.keep(`scheduler ${jobSchedulerId}`, send)) return send();
    return new ShardedJob(this, name, data, stored) as Job<Data, Result, Name>;
  }

  /**
   * Resolves when the queue has taken or refused every job whose transaction has committed. For code
   * that needs such a job in the queue: a processor awaits it before `moveToWaitingChildren`.
   */
  flushed(): Promise<void> {
    return this.#afterCommit.flushed();
  }

  /** Waits for the jobs whose transaction has committed, and closes. */
  override async close(): Promise<void> {
    await this.#afterCommit.flushed();
    await super.close();
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
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

  /** In a transaction every job needs its id now, because the caller receives the id before the send. */
  #isKept(jobs: readonly Named<Data>[], send: () => Promise<unknown>): boolean {
    const label = `${jobs.length} job(s) of queue ${this.name}`;
    const hasParent = jobs.some(({ prepared: { opts } }) => opts.parent !== undefined);
    return this.#afterCommit.keep(label, send, hasParent);
  }

  #unsent({ name, prepared: { data, opts } }: Named<Data>): Job<Data, Result, Name> {
    opts.jobId ??= randomUUID();
    const whole: JobsOptions = { ...this.defaultJobOptions, ...opts };
    return new ShardedJob(this, name, data, whole, opts.jobId) as Job<Data, Result, Name>;
  }
}

interface Named<Data> {
  readonly name: string;
  readonly prepared: Prepared<Data>;
}
