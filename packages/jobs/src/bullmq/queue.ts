import { randomUUID } from 'node:crypto';
import {
  Queue,
  type Job,
  type JobSchedulerTemplateOptions,
  type JobsOptions,
  type QueueOptions,
  type RepeatOptions,
} from 'bullmq';
import { AfterCommitSends } from '../after-commit-sends.ts';
import { isAsRead } from './as-read.ts';
import { prepare, prepareAsStored, type Prepared, type ShardedJobsOptions } from './prepare.ts';
import { ShardedJob, StoredJob, withEnvelopeAsMetadata } from './sharded-job.ts';
import type { Sharding } from './sharding.ts';
import { composed, ownMetadata } from './telemetry.ts';
import { tellError } from './tell-error.ts';

/** BullMQ's own options, and what makes the queue sharded. */
export interface ShardedQueueOptions extends QueueOptions {
  readonly sharding: Sharding;
}

/** One job of `addBulk`. */
export interface ShardedBulkJob<Data> {
  readonly name: string;
  readonly data: Data;
  readonly opts?: ShardedJobsOptions;
}

/**
 * A BullMQ queue whose jobs keep their place: records in a payload travel as global IDs, and the
 * job runs where its tenant then lives. Inside a transaction a job is sent after the commit, and
 * not at all after a rollback; `add` resolves at once, with the id that the job will have. It is
 * kept in memory: a process that dies between commit and sending loses it.
 */
export class ShardedQueue<Data = unknown, Result = unknown> extends Queue {
  readonly #sharding: Sharding;
  /** BullMQ keeps an empty object for none. */
  readonly #hasDefaults: boolean;
  readonly #afterCommit = new AfterCommitSends((error) => tellError(this, error));

  constructor(name: string, options: ShardedQueueOptions) {
    super(name, composed(options));
    this.#sharding = options.sharding;
    this.#hasDefaults = options.defaultJobOptions !== undefined;
  }

  protected override get Job(): typeof Job {
    // Without telemetry the envelope stands in the options already.
    return (this.opts.telemetry === undefined ? StoredJob : ShardedJob) as unknown as typeof Job;
  }

  /**
   * Adds a job to run at its place.
   * @throws JobPayloadRefusedError, JobPlaceConflictError, FleetMismatchError; nothing was enqueued
   */
  override add(name: string, data: Data, opts?: ShardedJobsOptions): Promise<Job<Data, Result>> {
    try {
      const named = { name, prepared: this.#prepared(data, opts) };
      const send = () => this.#send(named);
      return this.#isKept([named], send) ? Promise.resolve(this.#unsent(named)) : send();
    } catch (error) {
      // By hand: an async function around BullMQ's would make three promises more of each job.
      return Promise.reject(error as Error);
    }
  }

  /**
   * Adds jobs in one trip; each keeps its own place, from `opts.at`, the context or its records.
   * @throws as `add`; nothing was enqueued
   */
  override async addBulk(jobs: ShardedBulkJob<Data>[]): Promise<Job<Data, Result>[]> {
    const named = jobs.map(({ name, data, opts }) => ({
      name,
      prepared: this.#prepared(data, opts),
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
    jobSchedulerId: string,
    repeatOpts: Omit<RepeatOptions, 'key'>,
    template: {
      name?: string;
      data?: Data;
      opts?: JobSchedulerTemplateOptions & { readonly at?: ShardedJobsOptions['at'] };
    } = {},
  ): Promise<Job<Data, Result>> {
    const { data, opts } = prepare(this.#sharding, template.data, template.opts);
    // The template is stored before any job is built of it, so it is given the text at once.
    const telemetry = { metadata: ownMetadata(this.opts.telemetry), ...opts.telemetry };
    const stored = withEnvelopeAsMetadata({ ...opts, telemetry });
    const send = () =>
      super.upsertJobScheduler(jobSchedulerId, repeatOpts, { ...template, data, opts: stored });
    const name = template.name ?? jobSchedulerId;
    if (!this.#afterCommit.keep(`scheduler ${jobSchedulerId}`, send)) return send();
    return new ShardedJob(this, name, data, stored) as Job<Data, Result>;
  }

  /**
   * Resolves when the queue has taken, or refused, every job that a commit has set free. For work
   * that looks for such a job: a processor awaits it before `moveToWaitingChildren`.
   */
  sent(): Promise<void> {
    return this.#afterCommit.settled();
  }

  /** Waits for the jobs that a commit has set free, and closes. */
  override async close(): Promise<void> {
    await this.#afterCommit.settled();
    await super.close();
  }

  #prepared(data: Data, opts: ShardedJobsOptions | undefined): Prepared {
    const make = this.opts.telemetry === undefined ? prepareAsStored : prepare;
    return make(this.#sharding, data, opts);
  }

  /** By the shortest way of BullMQ's that does all that there is to do: each makes more promises. */
  #send({ name, prepared: { data, opts } }: Named): Promise<Job<Data, Result>> {
    if (this.opts.telemetry !== undefined || !isAsRead(super.add))
      return super.add(name, data, opts);
    const isHeard = this.listenerCount('waiting') > 0;
    const isPlain = opts.jobId === undefined && !this.#hasDefaults && !isHeard;
    if (!isPlain || !isAsRead(this.addJob)) return this.addJob(name, data, opts);
    return this.Job.create(this, name, data as Data, opts);
  }

  /** In a transaction every job needs its id now: it is what the caller is told. */
  #isKept(jobs: readonly Named[], send: () => Promise<unknown>): boolean {
    if (!this.#afterCommit.inTransaction) return false;
    const label = `${jobs.length} job(s) of queue ${this.name}`;
    const hasParent = jobs.some(({ prepared: { opts } }) => opts.parent !== undefined);
    return this.#afterCommit.keep(label, () => send(), hasParent);
  }

  #unsent({ name, prepared: { data, opts } }: Named): Job<Data, Result> {
    opts.jobId ??= randomUUID();
    const whole: JobsOptions = { ...this.defaultJobOptions, ...opts };
    return new ShardedJob(this, name, data, whole, opts.jobId) as Job<Data, Result>;
  }
}

interface Named {
  readonly name: string;
  readonly prepared: Prepared;
}
