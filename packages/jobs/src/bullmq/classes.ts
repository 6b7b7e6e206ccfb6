import type { Job, QueueBaseOptions, QueueOptions, WorkerOptions } from 'bullmq';
import { ShardedFlowProducer } from './flow.ts';
import type { JobProcessor } from './processor.ts';
import { ShardedQueue } from './queue.ts';
import type { Sharding } from './sharding.ts';
import { ShardedWorker } from './worker.ts';

/** What `shardedClasses` makes: BullMQ's classes, with BullMQ's own constructors and types. */
export interface ShardedClasses {
  readonly Queue: new <Data = unknown, Result = unknown, Name extends string = string>(
    name: string,
    options: QueueOptions,
  ) => ShardedQueue<Data, Result, Name>;
  readonly Worker: new <Data = unknown, Result = unknown, Name extends string = string>(
    name: string,
    processor: JobProcessor<Job<Data, Result, Name>, Result> | string | URL | null,
    options: WorkerOptions,
  ) => ShardedWorker<Data, Result, Name>;
  readonly FlowProducer: new (options: QueueBaseOptions) => ShardedFlowProducer;
}

/**
 * The three classes with their sharding built in, for frameworks that make queues and workers
 * themselves and pass on only the options that they know. With Nest, before the modules are imported:
 *
 * ```ts
 * const { Queue, Worker, FlowProducer } = shardedClasses(sharding);
 * BullModule.queueClass = Queue;
 * BullModule.workerClass = Worker;
 * BullModule.flowProducerClass = FlowProducer;
 * ```
 */
export function shardedClasses(sharding: Sharding): ShardedClasses {
  return {
    Queue: class<
      Data = unknown,
      Result = unknown,
      Name extends string = string,
    > extends ShardedQueue<Data, Result, Name> {
      constructor(name: string, options: QueueOptions) {
        super(name, { ...options, sharding });
      }
    },
    Worker: class<
      Data = unknown,
      Result = unknown,
      Name extends string = string,
    > extends ShardedWorker<Data, Result, Name> {
      constructor(
        name: string,
        processor: JobProcessor<Job<Data, Result, Name>, Result> | string | URL | null,
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
