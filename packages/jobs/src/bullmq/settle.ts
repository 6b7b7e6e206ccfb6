import { DelayedError, UnrecoverableError, type Job } from 'bullmq';
import {
  isSwitchyardError,
  type ShardRefusal,
  type SwitchyardError,
} from '@switchyard/shard-context';

import { causesOf, shardRefusalOf } from '@switchyard/shard-context/internal';
import type { RunningPlace } from '../running-place.ts';
import { jobChannels } from './channels.ts';
import type { Sharding, WaitingJob } from './sharding.ts';

/** The fields of a job that settling needs; sandboxed jobs have them as well. */
type DelayableJob = Pick<
  Job,
  'id' | 'queueName' | 'moveToDelayed' | 'attemptsStarted' | 'attemptsMade'
>;

const DEFAULT_RETRY_AFTER_MS = 500;
/** A job that waits long is tried every half minute with the default, not every half second. */
const MAX_DOUBLINGS = 6;

/** How far a job had come when it failed. */
export interface Attempt {
  readonly job: DelayableJob & WaitingJob;
  readonly token: string | undefined;
  /** True once the job's own code had begun. */
  readonly hasBegun: boolean;
  /** The place where it ran, or was about to run. */
  readonly place: RunningPlace | undefined;
}

/**
 * The error with which a failed attempt ends. Where waiting helps (a frozen tenant, a stale route, a
 * directory or shard that does not answer, an envelope or a shard of a newer release), the job moves
 * to the delayed jobs, without counting an attempt. Where no retry can help, the job fails for good,
 * with the reason. So does a job whose work may have been committed, unless its author declares that
 * it may run again. All other errors BullMQ retries by the job's options.
 */
export async function settle(
  error: unknown,
  attempt: Attempt,
  sharding: Sharding,
): Promise<unknown> {
  const unknown = unknownOutcomeIn(error);
  if (unknown !== undefined) {
    return sharding.mayRepeat?.(attempt.job) === true ? error : forGood(unknown, error);
  }
  if (await passesByWaiting(error, attempt, sharding)) {
    await putOff(attempt, error, sharding);
    return new DelayedError();
  }
  if (attempt.hasBegun || !isSwitchyardError(error) || error.retryable) return error;
  return forGood(error, error);
}

/** A connection was lost during COMMIT, so the job's work may be done. Thrown by `models`. */
function unknownOutcomeIn(error: unknown): SwitchyardError | undefined {
  for (const cause of causesOf(error))
    if (isSwitchyardError(cause) && String(cause.code) === 'OUTCOME_UNKNOWN') return cause;
  return undefined;
}

/** BullMQ does not retry such an error, even where the job has attempts left. */
function forGood({ code, message }: SwitchyardError, cause: unknown): Error {
  return Object.assign(new UnrecoverableError(`${code}: ${message}`), { cause });
}

/** Once the job's code has begun, only a refusal by the shard itself proves that nothing was written. */
async function passesByWaiting(
  error: unknown,
  attempt: Attempt,
  sharding: Sharding,
): Promise<boolean> {
  const refusal = shardRefusalOf(error);
  if (refusal === undefined) {
    return !attempt.hasBegun && isSwitchyardError(error) && error.retryable;
  }
  if (refusal.kind === 'frozen') return true;
  const isRefreshed = await refresh(refusal, attempt.place, sharding);
  // Waiting does not help a tenant whose assignment was not completed, until the directory completes it.
  return refusal.kind === 'stale' || isRefreshed;
}

async function putOff(
  { job, token }: Attempt,
  error: unknown,
  { retryAfterMs = DEFAULT_RETRY_AFTER_MS }: Sharding,
): Promise<void> {
  const waited = Math.max(0, (job.attemptsStarted ?? 1) - (job.attemptsMade ?? 0) - 1);
  const delayMs = retryAfterMs * 2 ** Math.min(waited, MAX_DOUBLINGS);
  await job.moveToDelayed(Date.now() + delayMs, token);
  if (!jobChannels.waits.hasSubscribers) return;
  const { code, message } = shardRefusalOf(error)?.error ?? (error as SwitchyardError);
  const { queueName: queue, id } = job;
  const times = waited + 1;
  jobChannels.waits.publish({ queue, job: id, code, message, times, retryAfterMs: delayMs });
}

/** Refreshes the route for the next attempt. If that fails, the next attempt asks again itself. */
async function refresh(
  { tenant, seenEpoch }: ShardRefusal,
  place: RunningPlace | undefined,
  { locator }: Sharding,
): Promise<boolean> {
  const epoch = seenEpoch ?? (place?.tenant === tenant ? place.epoch : 0);
  try {
    await locator.locateTenant(tenant, { minEpoch: epoch + 1 });
    return true;
  } catch {
    return false; // the next attempt fails with this error itself
  }
}
