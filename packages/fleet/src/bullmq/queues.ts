import {
  ShardedFlowProducer,
  ShardedQueue,
  ShardedWorker,
  type JobProcessor,
} from '@switchyard/jobs/bullmq';
import type { ConnectionOptions, Job, QueueOptions, WorkerOptions } from 'bullmq';
import type { FleetJobs } from '../fleet-options.ts';
import { QueueUndeclaredError } from '../fleet-errors.ts';
import type { SwitchyardFleet } from '../switchyard-fleet.ts';

/** BullMQ's options of a queue; connection and prefix are the fleet's. */
export type QueueSettings = Omit<QueueOptions, 'connection' | 'prefix'>;

/** BullMQ's options of a worker; connection and prefix are the fleet's. */
export type WorkerSettings = Omit<WorkerOptions, 'connection' | 'prefix'>;

/**
 * A queue of the fleet whose jobs keep their place. It is closed with the fleet, after the workers.
 * @throws QueueUndeclaredError, FleetUsedError where the fleet is closed
 */
export function queue<Data = unknown, Result = unknown>(
  fleet: SwitchyardFleet,
  name: string,
  settings: QueueSettings = {},
): ShardedQueue<Data, Result> {
  const options = { ...settings, ...connectionOf(fleet, name), sharding: fleet.sharding };
  return fleet.closeAtEnd('queue', new ShardedQueue<Data, Result>(name, options));
}

/**
 * A worker of the fleet: runs each job where its tenant lives now. It is closed with the fleet, first
 * of all, when the jobs under way have ended.
 * @throws QueueUndeclaredError, FleetUsedError where the fleet is closed
 */
export function worker<Data = unknown, Result = unknown>(
  fleet: SwitchyardFleet,
  name: string,
  processor: JobProcessor<Job<Data, Result>, Result> | string | URL | null,
  settings: WorkerSettings = {},
): ShardedWorker<Data, Result> {
  const options = { ...settings, ...connectionOf(fleet, name), sharding: fleet.sharding };
  return fleet.closeAtEnd('worker', new ShardedWorker<Data, Result>(name, processor, options));
}

/**
 * A flow producer of the fleet: the jobs of one flow may live on many shards. It is closed with the
 * fleet, after the workers. @throws FleetUsedError where the fleet is closed
 */
export function flowProducer(fleet: SwitchyardFleet): ShardedFlowProducer {
  const [name = ''] = fleet.options.jobs?.queues ?? [];
  const options = { ...connectionOf(fleet, name), sharding: fleet.sharding };
  return fleet.closeAtEnd('queue', new ShardedFlowProducer(options));
}

/** @throws QueueUndeclaredError; FleetUsedError before a connection is opened that nothing closes */
function connectionOf(fleet: SwitchyardFleet, name: string) {
  fleet.refuseClosed(`open queue ${name} of`);
  const { queues, connection, prefix } =
    fleet.options.jobs ?? ({ queues: [] } as Partial<FleetJobs>);
  if (connection === undefined || !queues?.includes(name)) {
    throw new QueueUndeclaredError(name, queues ?? []);
  }
  const asked = connection() as ConnectionOptions;
  return { connection: asked, ...(prefix !== undefined && { prefix }) };
}
