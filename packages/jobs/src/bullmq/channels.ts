import { channel, type Channel } from 'node:diagnostics_channel';

/** A job that could not be run yet and goes back to the queue, without counting an attempt. */
export interface JobWaits {
  readonly queue: string;
  readonly job: string | undefined;
  /** Code of the error for which it waits: `TENANT_FROZEN`, `DIRECTORY_UNAVAILABLE` … */
  readonly code: string;
  /** What was attempted, why it failed and what to do: the message of that error. */
  readonly message: string;
  /**
   * How often it was started since its last attempt that counts, this time included: a rate limit or
   * a wait that its own code asked for counts here too.
   */
  readonly times: number;
  /** Milliseconds until it is tried again. */
  readonly retryAfterMs: number;
}

/**
 * The diagnostics channels of the BullMQ adapter. BullMQ has no event for a job that a worker puts
 * off, so one that waits for what never comes would wait in silence. A sandboxed processor
 * publishes in its own process. Nothing is computed while nobody listens.
 */
export const jobChannels = {
  waits: channel('switchyard:job:waits') as Channel<unknown, JobWaits>,
} as const;
