import type { Job, SandboxedJob } from 'bullmq';
import { pack, type PackedJob } from '../jobs/index.ts';
import { restoreJob } from '../jobs/restore.ts';
import type { RunningPlace } from '../jobs/running-place.ts';
import { readMetadata } from './metadata.ts';
import { settle } from './settle.ts';
import type { Sharding } from './sharding.ts';

/** A processor as BullMQ calls it. */
export type JobProcessor<J, Result> = (
  job: J,
  token?: string,
  signal?: AbortSignal,
) => Promise<Result> | Result;

/** Where a job runs, for its listeners. On the job itself: a weak map would cost ten times as much. */
const PLACE = Symbol('switchyard.place');

/** Where a job that is being processed, or has just been, runs; undefined without a place. */
export function runningPlaceOf(job: unknown): RunningPlace | undefined {
  return typeof job === 'object' && job !== null
    ? (job as { [PLACE]?: RunningPlace })[PLACE]
    : undefined;
}

/**
 * A processor that runs `fn` in the context of its job, with the records of the payload in
 * `job.data`. For files that BullMQ runs in a process or thread of their own (export the result as
 * default), and for workers that are not ours; `ShardedWorker` wraps its function itself.
 */
export function shardedProcessor<J extends Job | SandboxedJob = Job, Result = unknown>(
  fn: JobProcessor<J, Result>,
  sharding: Sharding,
): JobProcessor<J, Result | undefined> {
  // BullMQ hands out a signal only to processors that declare three parameters.
  if (fn.length < 3) return (job, token) => process(fn, sharding, job, token, undefined);
  return (job, token, signal) => process(fn, sharding, job, token, signal);
}

/** The same for a processor that restores the records itself: the job is placed, or refused. */
export function placedProcessor<J extends Job, Result>(
  fn: JobProcessor<J, Result>,
  sharding: Sharding,
): JobProcessor<J, Result> {
  return (job, token, signal) =>
    attempt(sharding, job, token, (begin) => {
      const { envelope } = packedOf(job);
      return runRestored(sharding, job, { envelope, payload: null }, () => {
        begin();
        return fn(job, token, signal);
      });
    }) as Promise<Result>;
}

function process<J extends Job | SandboxedJob, Result>(
  fn: JobProcessor<J, Result>,
  sharding: Sharding,
  job: J,
  token: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Result | undefined> {
  return attempt(sharding, job, token, (begin) =>
    runRestored(sharding, job, packedOf(job as Job), (payload) => {
      begin();
      return withPayload(sharding, job, payload, () => fn(job, token, signal));
    }),
  );
}

/** One attempt at a job; `begin` is called when the job's own code begins. */
async function attempt<Result>(
  sharding: Sharding,
  job: Job | SandboxedJob,
  token: string | undefined,
  run: (begin: () => void) => Promise<Result>,
): Promise<Result> {
  let hasBegun = false;
  try {
    return await run(() => {
      hasBegun = true;
    });
  } catch (error) {
    throw await settle(error, { job: job as Job, token, hasBegun }, sharding);
  }
}

/** Runs `fn` at the job's place, and remembers that place for the job's listeners. */
function runRestored<T>(
  sharding: Sharding,
  job: Job | SandboxedJob,
  packed: PackedJob,
  fn: (payload: unknown) => T | Promise<T>,
): Promise<T | undefined> {
  const options = {
    ...sharding,
    onPlaced: (place: RunningPlace | undefined) => {
      (job as { [PLACE]?: RunningPlace | undefined })[PLACE] = place;
    },
  };
  return restoreJob(job as Job, packed, options, fn);
}

/** The job as it was packed. */
export function packedOf(job: Pick<Job, 'opts' | 'data'>): PackedJob {
  const { envelope } = readMetadata(job.opts?.telemetry?.metadata);
  return { envelope, payload: job.data as PackedJob['payload'] };
}

/**
 * Shows the job's code the payload with its records. Before and after it `job.data` is what the
 * queue holds, because BullMQ and listeners turn it into JSON.
 */
async function withPayload<Result>(
  sharding: Sharding,
  job: Job | SandboxedJob,
  payload: unknown,
  fn: () => Result | Promise<Result>,
): Promise<Result> {
  const held = job as { data: unknown; updateData: (data: never) => Promise<void> };
  const { updateData } = held;
  let packed = held.data;
  held.data = payload;
  held.updateData = async (data: unknown) => {
    packed = pack({ ...sharding, payload: data }).payload;
    await updateData.call(held, packed as never);
    held.data = data;
  };
  try {
    return await fn();
  } finally {
    held.data = packed;
    held.updateData = updateData;
  }
}
