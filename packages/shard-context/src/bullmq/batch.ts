import type { FlowOpts, Job, JobNode, SandboxedJob } from 'bullmq';
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
 * Adds a batch over any number of shards, all of it or nothing. It is a flow whose children may
 * fail without taking the callback with them, so it survives what BullMQ survives: a killed worker,
 * retries, a restart of everything. An empty batch runs its callback at once.
 * @throws JobPayloadRefusedError, JobPlaceConflictError, FleetMismatchError; nothing was enqueued
 */
export function addBatch(
  flows: ShardedFlowProducer,
  { callback, jobs }: Batch,
  options?: FlowOpts,
): Promise<JobNode> {
  const children = jobs.map((job) => ({
    ...job,
    opts: { ...job.opts, ignoreDependencyOnFailure: true },
  }));
  return flows.add({ ...callback, children }, options);
}

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
