import { channel, type Channel } from 'node:diagnostics_channel';

/** A job that cannot run yet and goes back to the queue, without counting an attempt. */
export interface JobWaits {
  readonly queue: string;
  readonly job: string | undefined;
  /** Code of the error for which it waits: `TENANT_FROZEN`, `DIRECTORY_UNAVAILABLE` … */
  readonly code: string;
  /** The message of that error. */
  readonly message: string;
  /**
   * How often it was started since its last attempt that counts, including this time. Starts that
   * ended in a rate limit, or in a wait that its own code asked for, are included.
   */
  readonly times: number;
  /** Milliseconds until it is tried again. */
  readonly retryAfterMs: number;
}

/**
 * The diagnostics channels of the BullMQ adapter. BullMQ has no event for a job that a worker
 * postpones, so without this channel a job that waits without end would not be noticed. A sandboxed
 * processor publishes in its own process. Nothing is computed for a channel without a subscriber.
 */
export const jobChannels = {
  waits: channel('switchyard:job:waits') as Channel<unknown, JobWaits>,
} as const;
