import { QueueEvents, type Job } from 'bullmq';
import {
  ShardedFlowProducer,
  ShardedQueue,
  ShardedWorker,
  type JobProcessor,
  type Sharding,
} from '@switchyard/jobs/bullmq';
import { redisServer } from '../support/servers/index.ts';
import { SmallFleet } from './small-fleet.ts';

/** Queues, workers and flow producers of one test on the run's Redis, under a prefix of its own. */
export class Queues {
  readonly fleet = new SmallFleet();
  readonly prefix = `jobs-${process.pid}-${Math.random().toString(36).slice(2, 10)}`;
  readonly sharding: Sharding = {
    context: this.fleet.context,
    locator: this.fleet,
    records: this.fleet,
    retryAfterMs: 20,
  };
  readonly connection: { host: string; port: number; maxRetriesPerRequest: null };
  readonly #closers: (() => Promise<void>)[] = [];

  private constructor(host: string, port: number) {
    this.connection = { host, port, maxRetriesPerRequest: null };
  }

  static async open(): Promise<Queues> {
    const { host, port } = await redisServer();
    return new Queues(host, port);
  }

  get base() {
    return { connection: this.connection, prefix: this.prefix };
  }

  queue<Data = unknown>(
    name: string,
    options: Record<string, unknown> = {},
    sharding: Partial<Sharding> = {},
  ): ShardedQueue<Data> {
    return this.#closing(
      new ShardedQueue<Data>(name, {
        ...this.base,
        ...options,
        sharding: { ...this.sharding, ...sharding },
      }),
    );
  }

  flows(options: Record<string, unknown> = {}): ShardedFlowProducer {
    return this.#closing(
      new ShardedFlowProducer({ ...this.base, ...options, sharding: this.sharding }),
    );
  }

  worker<Data = unknown>(
    name: string,
    processor: JobProcessor<Job<Data>, unknown> | URL,
    options: Record<string, unknown> = {},
    sharding: Partial<Sharding> = {},
  ): ShardedWorker<Data> {
    return this.#closing(
      new ShardedWorker<Data>(name, processor, {
        ...this.base,
        drainDelay: 1,
        ...options,
        sharding: { ...this.sharding, ...sharding },
      }),
    );
  }

  /** For `job.waitUntilFinished`. */
  async events(name: string): Promise<QueueEvents> {
    const events = this.#closing(new QueueEvents(name, this.base));
    await events.waitUntilReady();
    return events;
  }

  /** Closed with the others, last opened first. */
  closing<T extends { close(): Promise<void> }>(one: T): T {
    return this.#closing(one);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  #closing<T extends { close(): Promise<void> }>(one: T): T {
    this.#closers.push(() => one.close());
    return one;
  }
}
