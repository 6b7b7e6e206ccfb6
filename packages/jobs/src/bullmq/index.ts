export { addBatch, batchOutcome, type Batch, type BatchOutcome } from './batch.ts';
export { jobChannels, type JobWaits } from './channels.ts';
export {
  canRunAll,
  checkJobs,
  type CheckJobsRequest,
  type JobVerdict,
  type QueueReport,
} from './check-jobs.ts';
export { shardedClasses } from './classes.ts';
export { ShardedFlowProducer, type ShardedFlowProducerOptions } from './flow.ts';
export type { ShardedFlowJob, ShardedJobsOptions } from './prepare.ts';
export { shardedProcessor, type JobProcessor } from './processor.ts';
export { ShardedQueue, type ShardedBulkJob, type ShardedQueueOptions } from './queue.ts';
export type { Sharding, WaitingJob } from './sharding.ts';
export { shardTelemetry } from './telemetry.ts';
export { ShardedWorker, type ShardedWorkerOptions } from './worker.ts';
