import type { FlowOpts, Job, JobNode, SandboxedJob } from 'bullmq';
import { JobBatchInvalidError } from '../job-errors.ts';
import type { ShardedFlowProducer } from './flow.ts';
import type { ShardedFlowJob } from './prepare.ts';

/** Jobs, each in its own place, and one job to run when all of them have ended. */
export interface Batch {
  /** Runs once, in its own place, when the last job of the batch has completed or failed for good. */
  readonly callback: Omit<ShardedFlowJob, 'children'>;
  /** The jobs; give each its place by `opts.at` or by the records in its payload. */
  readonly jobs: readonly ShardedFlowJob[];
}

/** How the jobs of a batch ended. */
export interface BatchOutcome {
  readonly completed: number;
  readonly failed: number;
  /** Why each failed one did, by its key in the queue's store. */
  readonly failures: Readonly<Record<string, string>>;
}

/**
 * Adds a batch over any number of shards: all of its jobs or none. A batch is a BullMQ flow whose
 * callback runs also where jobs have failed. Like every flow, it survives killed workers, retries and
 * a restart of all processes. An empty batch runs its callback at once.
 * @throws JobBatchInvalidError for a job with an id of its own; JobPayloadRefusedError,
 *   JobPlaceConflictError, FleetMismatchError; nothing was enqueued
 */
export async function addBatch(
  flows: ShardedFlowProducer,
  { callback, jobs }: Batch,
  options?: FlowOpts,
): Promise<JobNode> {
  for (const job of jobs) refuseNamed(job);
  const children = jobs.map((job) => ({
    ...endsWithChildren(job),
    opts: { ...job.opts, ignoreDependencyOnFailure: true },
  }));
  return flows.add({ ...callback, children }, options);
}

/**
 * BullMQ does not add a job whose id it knows. The known job may have failed already or belong to
 * another batch, so it would never end for this batch.
 */
function refuseNamed({ name, opts, children = [] }: ShardedFlowJob): void {
  if (opts?.jobId !== undefined) throw new JobBatchInvalidError(name);
  for (const child of children) refuseNamed(child);
}

/** In BullMQ a job waits without end for a child that failed, unless the child's options change that. */
function endsWithChildren(job: ShardedFlowJob): ShardedFlowJob {
  if (job.children === undefined) return job;
  const children = job.children.map((child) => {
    const saysWhat = ON_FAILURE.some((option) => child.opts?.[option] === true);
    const opts = saysWhat ? child.opts : { ...child.opts, failParentOnFailure: true };
    return { ...endsWithChildren(child), ...(opts === undefined ? {} : { opts }) };
  });
  return { ...job, children };
}

const ON_FAILURE = [
  'failParentOnFailure',
  'continueParentOnFailure',
  'ignoreDependencyOnFailure',
  'removeDependencyOnFailure',
] as const;

/** How the jobs of a batch ended; for the processor of its callback, in a sandbox as well. */
export async function batchOutcome(job: Job | SandboxedJob): Promise<BatchOutcome> {
  const asked = job as Pick<Job, 'getDependenciesCount' | 'getIgnoredChildrenFailures'>;
  const { processed = 0, ignored = 0 } = await asked.getDependenciesCount({
    processed: true,
    ignored: true,
  });
  const failures = ignored === 0 ? {} : await asked.getIgnoredChildrenFailures();
  return { completed: processed, failed: ignored, failures };
}
