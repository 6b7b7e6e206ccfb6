export { flowProducer, queue, worker, type QueueSettings, type WorkerSettings } from './queues.ts';
