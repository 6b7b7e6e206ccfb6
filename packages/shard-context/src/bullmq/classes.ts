import type { Job, QueueBaseOptions, QueueOptions, WorkerOptions } from 'bullmq';
import { ShardedFlowProducer } from './flow.ts';
import type { JobProcessor } from './processor.ts';
import { ShardedQueue } from './queue.ts';
import type { Sharding } from './sharding.ts';
import { ShardedWorker } from './worker.ts';

/**
 * The three classes with their sharding built in, for frameworks that make queues and workers
 * themselves and hand on only the options they know. With Nest, before the modules are imported:
 *
 * ```ts
 * const { Queue, Worker, FlowProducer } = shardedClasses(sharding);
 * BullModule.queueClass = Queue;
 * BullModule.workerClass = Worker;
 * BullModule.flowProducerClass = FlowProducer;
 * ```
 */
export function shardedClasses(sharding: Sharding) {
  return {
    Queue: class extends ShardedQueue {
      constructor(name: string, options: QueueOptions) {
        super(name, { ...options, sharding });
      }
    },
    Worker: class extends ShardedWorker {
      constructor(
        name: string,
        processor: JobProcessor<Job, unknown> | string | URL | null,
        options: WorkerOptions,
      ) {
        super(name, processor, { ...options, sharding });
      }
    },
    FlowProducer: class extends ShardedFlowProducer {
      constructor(options: QueueBaseOptions) {
        super({ ...options, sharding });
      }
    },
  };
}
