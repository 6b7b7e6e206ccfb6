import type { Job, SandboxedJob } from 'bullmq';
import { outsideContext } from '@switchyard/shard-context';
import { isSignedEnvelope, readEnvelope } from '../envelope.ts';
import { pack, type PackedJob } from '../index.ts';
import { restoreJob, type AdaptedJob } from '../restore.ts';
import type { RunningPlace } from '../running-place.ts';
import { readMetadata } from './metadata.ts';
import { settle } from './settle.ts';
import { asPlainJson } from './sharded-job.ts';
import type { Sharding } from './sharding.ts';

/** A processor as BullMQ calls it. */
export type JobProcessor<J, Result> = (
  job: J,
  token?: string,
  signal?: AbortSignal,
) => Promise<Result> | Result;

/** The key of a job's place, for its listeners. On the job itself: a weak map costs ten times as much. */
const PLACE = Symbol('switchyard.place');

/** The place of a job that is being processed or has just ended; undefined without a place. */
export function runningPlaceOf(job: unknown): RunningPlace | undefined {
  return typeof job === 'object' && job !== null
    ? (job as { [PLACE]?: RunningPlace })[PLACE]
    : undefined;
}

/**
 * A processor that runs `fn` in the context of its job, with the records of the payload in
 * `job.data`. For files that BullMQ runs in their own process or thread (export the result as
 * default), and for plain workers of BullMQ. `ShardedWorker` wraps its function itself.
 */
export function shardedProcessor<J extends Job | SandboxedJob = Job, Result = unknown>(
  fn: JobProcessor<J, Result>,
  sharding: Sharding,
): JobProcessor<J, Result | undefined> {
  // A worker passes a signal only to processors that declare three parameters; a sandbox passes it to
  // all. JavaScript does not count a parameter with a default.
  if (fn.length < 3) {
    return (job, token, signal = undefined) => new Attempt(sharding, job, token, fn, signal).run();
  }
  return (job, token, signal) => new Attempt(sharding, job, token, fn, signal).run();
}

/** The same for a processor that restores the records itself: the job is placed, or refused. */
export function placedProcessor<J extends Job, Result>(
  fn: JobProcessor<J, Result>,
  sharding: Sharding,
): (...args: Parameters<JobProcessor<J, Result>>) => Promise<Result> {
  return (job, token, signal) =>
    new PlacedAttempt(sharding, job, token, fn, signal).run() as Promise<Result>;
}

/** The packed job. */
function packedOf(job: Pick<Job, 'opts' | 'data'>): PackedJob {
  const { envelope } = readMetadata(job.opts?.telemetry?.metadata);
  return { envelope, payload: job.data as PackedJob['payload'] };
}

/** The fields of a job that this file uses; jobs of a sandbox have them too. */
interface HeldJob {
  data: unknown;
  updateData: (data: never) => Promise<void>;
  [PLACE]?: RunningPlace | undefined;
}

/** One attempt at a job, as the restorer takes it. */
class Attempt<J extends Job | SandboxedJob, Result> implements AdaptedJob<Job, Result> {
  readonly job: Job;
  readonly packed: PackedJob;
  protected readonly sharding: Sharding;
  protected readonly token: string | undefined;
  protected readonly signal: AbortSignal | undefined;
  protected readonly processor: JobProcessor<J, Result>;
  /** True once the job's own code has begun. */
  protected hasBegun = false;
  #hideRecords: (() => void) | undefined;

  constructor(
    sharding: Sharding,
    job: J,
    token: string | undefined,
    processor: JobProcessor<J, Result>,
    signal?: AbortSignal,
  ) {
    this.job = job as Job;
    this.packed = packedOf(this.job);
    this.sharding = sharding;
    this.token = token;
    this.signal = signal;
    this.processor = processor;
  }

  run(): Promise<Result | undefined> {
    return restoreJob(this, this.sharding).then(
      (result) => {
        this.#hideRecords?.();
        return result;
      },
      async (error: unknown) => {
        this.#hideRecords?.();
        const { job, token, hasBegun } = this;
        const place = runningPlaceOf(job);
        throw await settle(error, { job, token, hasBegun, place }, this.sharding);
      },
    );
  }

  /** Keeps the place of the job for its listeners. */
  onPlaced(place: RunningPlace | undefined): void {
    (this.job as HeldJob)[PLACE] = place;
  }

  /**
   * Shows the job's code the payload with its records. Before and after it, `job.data` is the packed
   * payload of the queue, because BullMQ and listeners turn it into JSON.
   */
  fn(payload: unknown): Result | Promise<Result> {
    const job = this.job as HeldJob;
    const { updateData } = job;
    let packed = job.data;
    this.#hideRecords = () => {
      job.data = packed;
      job.updateData = updateData;
    };
    job.data = payload;
    job.updateData = async (data: unknown) => {
      packed = this.#packed(data);
      await updateData.call(job, packed as never);
      job.data = data;
    };
    return this.begin();
  }

  /** Packs new data as the old payload was packed, because the job's envelope tells how to read it. */
  #packed(data: unknown): unknown {
    const { envelope } = this.packed;
    if (envelope === undefined) return asPlainJson(data); // the payload was not packed
    const { context, records } = this.sharding;
    const signing = isSignedEnvelope(envelope) ? this.sharding.signing : undefined;
    const at = runningPlaceOf(this.job);
    const madeAt = readEnvelope(envelope, this.sharding).place;
    // Checked against the place of the job, also when its code has entered another place.
    return outsideContext(() => pack({ payload: data, context, records, at, madeAt, signing }))
      .payload;
  }

  protected begin(): Result | Promise<Result> {
    this.hasBegun = true;
    return this.processor(this.job as J, this.token, this.signal);
  }
}

/** The processor restores the payload itself. */
class PlacedAttempt<J extends Job, Result> extends Attempt<J, Result> {
  override readonly packed: PackedJob = { envelope: packedOf(this.job).envelope, payload: null };

  override fn(): Result | Promise<Result> {
    return this.begin();
  }
}
