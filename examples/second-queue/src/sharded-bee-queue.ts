import { randomUUID } from 'node:crypto';
import { isSwitchyardError, type SwitchyardError } from '@switchyard/shard-context';
import {
  AfterCommitSends,
  pack,
  restore,
  type PackedJob,
  type RestoreOptions,
} from '@switchyard/jobs';
import BeeQueue from 'bee-queue';

/** Milliseconds before a job that had to wait is tried again. */
const RETRY_AFTER_MS = 200;

/** What the adapter needs: the parts of `sharding` that every queue needs, and where to connect. */
export interface ShardedBeeQueueOptions extends BeeQueue.QueueSettings {
  readonly sharding: RestoreOptions;
}

/**
 * bee-queue with the shard context. `pack` makes a job plain JSON, and `restore` runs it in its own
 * context: what is left for an adapter is to say how its queue waits and how it gives up.
 */
export class ShardedBeeQueue<Data> {
  readonly #queue: BeeQueue<PackedJob>;
  readonly #sharding: ShardedBeeQueueOptions['sharding'];
  readonly #afterCommit = new AfterCommitSends((error) => this.#queue.emit('error', error));

  constructor(name: string, { sharding, ...settings }: ShardedBeeQueueOptions) {
    this.#queue = new BeeQueue(name, { activateDelayedJobs: true, ...settings });
    this.#sharding = sharding;
  }

  /** For `on('succeeded', …)`, `on('failed', …)` and the like. */
  get events(): BeeQueue<PackedJob> {
    return this.#queue;
  }

  /** Adds a job to run where it was made; inside a transaction it is sent after the commit. */
  async add(data: Data, options: { id?: string; retries?: number } = {}): Promise<string> {
    const { id = randomUUID(), retries = 0 } = options;
    const { context, records, signing } = this.#sharding;
    const packed = pack({ payload: data, context, records, signing });
    const send = () => this.#queue.createJob(packed).setId(id).retries(retries).save();
    if (!this.#afterCommit.keep(`bee-queue job ${id}`, send)) await send();
    return id;
  }

  /** Runs `fn` for each job, in the job's context and with its records. */
  process(concurrency: number, fn: (data: Data, id: string) => Promise<unknown>): void {
    this.#queue.process(concurrency, (job) => this.#run(job, fn));
  }

  async close(): Promise<void> {
    await this.#afterCommit.flushed();
    await this.#queue.close();
  }

  async #run(
    job: BeeQueue.Job<PackedJob>,
    fn: (data: Data, id: string) => Promise<unknown>,
  ): Promise<unknown> {
    let hasBegun = false;
    try {
      return await restore(job.data, this.#sharding, (payload) => {
        hasBegun = true;
        return fn(payload as Data, job.id);
      });
    } catch (error) {
      if (hasBegun || !isSwitchyardError(error)) throw error; // bee-queue's to retry
      return this.#settle(job, error);
    }
  }

  /** Before the job's own code began: what passes by waiting waits, the rest fails for good. */
  async #settle(job: BeeQueue.Job<PackedJob>, error: SwitchyardError): Promise<'waits'> {
    if (!error.retryable) {
      job.retries(0);
      throw error;
    }
    // bee-queue cannot put a job back without counting an attempt, so another one takes its place.
    const retries = job.options.retries;
    const later = this.#queue.createJob(job.data).retries(retries);
    await later.delayUntil(Date.now() + RETRY_AFTER_MS).save();
    return 'waits';
  }
}
