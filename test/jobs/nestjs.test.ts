import 'reflect-metadata';
import { BullModule, InjectQueue, OnWorkerEvent, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FlowProducer, Queue, Worker, type Job } from 'bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shardedClasses } from '@switchyard/jobs/bullmq';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';
import { here, type Account } from './small-fleet.ts';

const NOTES = Symbol('notes');

@Processor('q')
class Scanner extends WorkerHost {
  readonly #notes: Notes;

  constructor(@Inject(NOTES) notes: Notes) {
    super();
    this.#notes = notes;
  }

  process(job: Job<{ account: Account }>): Promise<string> {
    this.#notes.add(`${here()} ${job.data.account.shard}`);
    return Promise.resolve('done');
  }

  @OnWorkerEvent('completed')
  completed(): void {
    this.#notes.add(`completed ${here()}`);
  }
}

@Injectable()
class Service {
  readonly queue: Queue;

  constructor(@InjectQueue('q') queue: Queue) {
    this.queue = queue;
  }
}

let queues: Queues;
let app: INestApplicationContext;
const notes = new Notes();

beforeEach(async () => {
  queues = await Queues.open();
  const classes = shardedClasses(queues.sharding);
  BullModule.queueClass = classes.Queue;
  BullModule.workerClass = classes.Worker as never;
  BullModule.flowProducerClass = classes.FlowProducer;

  @Module({
    imports: [BullModule.forRoot(queues.base), BullModule.registerQueue({ name: 'q' })],
    providers: [Scanner, Service, { provide: NOTES, useValue: notes }],
  })
  class App {}
  app = await NestFactory.createApplicationContext(App, { logger: ['error'] });
});
afterEach(async () => {
  await app.close();
  await queues.close();
  BullModule.queueClass = Queue;
  BullModule.workerClass = Worker;
  BullModule.flowProducerClass = FlowProducer;
});

describe("Nest's @Processor and @InjectQueue", () => {
  it('keep the place of a job, with its records, in worker events too', async () => {
    const { queue } = app.get(Service);
    const { fleet } = queues;
    await fleet.for('t_2', () => queue.add('scan', { account: fleet.account('t_2') }));
    expect(await notes.upTo(2)).toEqual(['us2/t_2@1 us2', 'completed us2/t_2@1']);
  });
});
