import type { Job } from 'bullmq';
import type { Locator, RecordLocator, RoutingKey, ShardContext } from '@switchyard/shard-context';
import type { JobEnvelope, JobSigning } from '../index.ts';

/** The parts that a sharded queue, worker or flow producer needs. One object serves them all. */
export interface Sharding {
  readonly context: ShardContext;
  readonly locator: Locator;
  readonly records: RecordLocator;
  /** Signs the jobs that are enqueued, and runs signed jobs only. Default: unsigned. */
  readonly signing?: JobSigning;
  /**
   * Returns the routing key of a job that carries no envelope. Undefined refuses the job. Default:
   * refuse. Not called where only signed jobs run: `signing.acceptUnsigned` lets unsigned ones run.
   */
  readonly onMissingEnvelope?: (
    job: WaitingJob,
  ) => RoutingKey | undefined | Promise<RoutingKey | undefined>;
  /** What to do with a job whose record is gone: fail it for good, or end it. Default: fail. */
  readonly onGone?: 'fail' | 'discard';
  /**
   * True where a job may run again after its connection was lost during COMMIT (`OUTCOME_UNKNOWN`),
   * as its `attempts` allow, because its code finds out whether its work is done. Called with the
   * packed payload. Default: false. Then the job fails for good, because its work may be done.
   */
  readonly mayRepeat?: (job: WaitingJob) => boolean;
  /** Milliseconds before a job that had to wait is tried again; doubles up to 64 times. Default 500. */
  readonly retryAfterMs?: number;
  /** Newest envelope version that workers read. Lower it to rehearse a rolling deployment. */
  readonly readsUpTo?: number;
}

/** The fields of a job that are known in every process: a sandbox gets no complete `Job`. */
export type WaitingJob = Pick<Job, 'id' | 'name' | 'data' | 'opts' | 'attemptsStarted'>;

/** The key of the envelope inside our own calls: JSON skips symbols. */
export const ENVELOPE = Symbol('switchyard.envelope');

/** Job options on their way through BullMQ's own code. */
export interface WithEnvelope {
  [ENVELOPE]?: JobEnvelope | undefined;
}
