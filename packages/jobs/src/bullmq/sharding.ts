import type { Job } from 'bullmq';
import type { Locator, RecordLocator, RoutingKey, ShardContext } from '@switchyard/shard-context';
import type { JobEnvelope, JobSigning } from '../index.ts';

/** What a sharded queue, worker or flow producer works with: one object serves them all. */
export interface Sharding {
  readonly context: ShardContext;
  readonly locator: Locator;
  readonly records: RecordLocator;
  /** Signs what is enqueued, and runs only what is signed. Default: unsigned. */
  readonly signing?: JobSigning;
  /**
   * Says whose a job is that carries no envelope. Undefined refuses it. Default: refuse. Where signed
   * jobs only are run, nobody is asked: `signing.acceptUnsigned` lets old ones run.
   */
  readonly onMissingEnvelope?: (
    job: WaitingJob,
  ) => RoutingKey | undefined | Promise<RoutingKey | undefined>;
  /** What to do with a job whose record is gone: fail it for good, or end it. Default: fail. */
  readonly onGone?: 'fail' | 'discard';
  /**
   * Says of a job whose connection was lost in COMMIT (`OUTCOME_UNKNOWN`) that its code may run
   * again, as its `attempts` allow: because it finds out what is done already. Asked with the
   * payload as it travels. Default: no job; it fails for good, because its work may be done.
   */
  readonly mayRepeat?: (job: WaitingJob) => boolean;
  /** Milliseconds before a job that had to wait is tried again; doubles up to 64 times. Default 500. */
  readonly retryAfterMs?: number;
  /** Newest envelope version that workers read. Lower it to rehearse a rolling deploy. */
  readonly readsUpTo?: number;
}

/** A job as far as it can be known in every process: sandboxed ones get no whole `Job`. */
export type WaitingJob = Pick<Job, 'id' | 'name' | 'data' | 'opts' | 'attemptsStarted'>;

/** Where the envelope travels inside our own calls: JSON never sees a symbol. */
export const ENVELOPE = Symbol('switchyard.envelope');

/** Job options on their way through BullMQ's own code. */
export interface WithEnvelope {
  [ENVELOPE]?: JobEnvelope | undefined;
}
