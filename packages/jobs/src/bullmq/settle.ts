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

/** What settling needs of a job; sandboxed jobs have it as well. */
type DelayableJob = Pick<
  Job,
  'id' | 'queueName' | 'moveToDelayed' | 'attemptsStarted' | 'attemptsMade'
>;

const DEFAULT_RETRY_AFTER_MS = 500;
/** A job that waits long is asked every half minute with the default, not every half second. */
const MAX_DOUBLINGS = 6;

/** How far a job had come when it failed. */
export interface Attempt {
  readonly job: DelayableJob & WaitingJob;
  readonly token: string | undefined;
  /** True once the job's own code had begun. */
  readonly hasBegun: boolean;
  /** Where it ran, or was about to run. */
  readonly place: RunningPlace | undefined;
}

/**
 * The error to end a failed attempt with. What will pass by waiting (a frozen tenant, a route that
 * is out of date, a directory or shard that does not answer, an envelope or a shard of a newer
 * release) moves the job to the delayed ones without counting an attempt. What no retry can change
 * fails it for good, with the reason, and so does work that may have been committed, unless its
 * author says that it may run again. Anything else is BullMQ's to retry as the job's options say.
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

/** A connection was lost in COMMIT, so that the job's work may be done. Thrown by `models`. */
function unknownOutcomeIn(error: unknown): SwitchyardError | undefined {
  for (const cause of causesOf(error))
    if (isSwitchyardError(cause) && String(cause.code) === 'OUTCOME_UNKNOWN') return cause;
  return undefined;
}

/** BullMQ retries no such error, whatever attempts the job has left. */
function forGood({ code, message }: SwitchyardError, cause: unknown): Error {
  return Object.assign(new UnrecoverableError(`${code}: ${message}`), { cause });
}

/** Once the job's code has begun, only what the shard itself refused is known to have done nothing. */
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
  // Of a tenant that was never assigned to its end, waiting mends nothing until the directory does.
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

/** So that the next attempt is not sent along the same old route; it asks again by itself if not. */
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
    return false; // the next attempt meets the same failure by its own name
  }
}
