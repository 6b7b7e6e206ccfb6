import { DelayedError, UnrecoverableError, type Job } from 'bullmq';
import { isSwitchyardError, type SwitchyardError } from '../errors.ts';
import type { StaleRouteError } from '../routing-errors.ts';
import type { Sharding } from './sharding.ts';

/** What settling needs of a job; sandboxed jobs have it as well. */
export type DelayableJob = Pick<Job, 'moveToDelayed' | 'attemptsStarted' | 'attemptsMade'>;

const DEFAULT_RETRY_AFTER_MS = 500;
/** A job that waits long is asked every half minute with the default, not every half second. */
const MAX_DOUBLINGS = 6;

/** How far a job had come when it failed. */
export interface Attempt {
  readonly job: DelayableJob;
  readonly token: string | undefined;
  /** True once the job's own code had begun. */
  readonly hasBegun: boolean;
}

/**
 * The error to end a failed attempt with. What will pass by waiting (a frozen tenant, a route that
 * is out of date, a directory or shard that does not answer, an envelope of a newer release) moves
 * the job to the delayed ones without counting an attempt; what no retry can mend fails it for
 * good, with the reason; anything else is BullMQ's to retry as the job's options say.
 */
export async function settle(
  error: unknown,
  attempt: Attempt,
  sharding: Sharding,
): Promise<unknown> {
  if (!isSwitchyardError(error)) return error;
  if (passesByWaiting(error, attempt)) {
    if (error.code === 'STALE_ROUTE') await refresh(error as StaleRouteError, sharding);
    await attempt.job.moveToDelayed(Date.now() + retryAfter(attempt.job, sharding), attempt.token);
    return new DelayedError();
  }
  if (attempt.hasBegun || error.retryable) return error;
  return Object.assign(new UnrecoverableError(`${error.code}: ${error.message}`), { cause: error });
}

/** Once the job's code has begun, only what the shard itself refused is known to have done nothing. */
function passesByWaiting(error: SwitchyardError, { hasBegun }: Attempt): boolean {
  if (!hasBegun) return error.retryable;
  return error.code === 'TENANT_FROZEN' || error.code === 'STALE_ROUTE';
}

function retryAfter(
  job: DelayableJob,
  { retryAfterMs = DEFAULT_RETRY_AFTER_MS }: Sharding,
): number {
  const waited = Math.max(0, (job.attemptsStarted ?? 1) - (job.attemptsMade ?? 0) - 1);
  return retryAfterMs * 2 ** Math.min(waited, MAX_DOUBLINGS);
}

/** So that the next attempt is not sent along the same old route; it asks again by itself if not. */
async function refresh(error: StaleRouteError, { locator }: Sharding): Promise<void> {
  try {
    await locator.locateTenant(error.tenant, { minEpoch: error.seenEpoch + 1 });
  } catch {
    // The job waits either way, and its next attempt meets the same failure by its own name.
  }
}
