import { randomUUID } from 'node:crypto';
import {
  FlowProducer,
  type FlowJob,
  type FlowOpts,
  type Job,
  type JobNode,
  type QueueBaseOptions,
} from 'bullmq';
import { AfterCommitSends } from '../after-commit-sends.ts';
import { prepareFlow, type ShardedFlowJob } from './prepare.ts';
import { ShardedJob } from './sharded-job.ts';
import type { Sharding } from './sharding.ts';
import { composed } from './telemetry.ts';
import { tellError } from './tell-error.ts';

/** BullMQ's own options, and the sharding. */
export interface ShardedFlowProducerOptions extends QueueBaseOptions {
  readonly sharding: Sharding;
}

/**
 * A BullMQ flow producer whose jobs keep their place, children without options too. The jobs of one
 * flow may live on many shards. Inside a transaction a flow is sent after the commit, as a whole.
 */
export class ShardedFlowProducer extends FlowProducer {
  readonly #sharding: Sharding;
  readonly #afterCommit = new AfterCommitSends((error) => tellError(this, error));

  constructor(options: ShardedFlowProducerOptions) {
    super(composed(options));
    this.#sharding = options.sharding;
  }

  protected override get Job(): typeof Job {
    return ShardedJob as unknown as typeof Job;
  }

  /**
   * Adds a flow: all of its jobs or none.
   * @throws JobPayloadRefusedError, JobPlaceConflictError, FleetMismatchError; nothing was enqueued
   */
  override async add(flow: ShardedFlowJob, opts?: FlowOpts): Promise<JobNode> {
    const prepared = prepareFlow(this.#sharding, flow);
    if (!this.#isKept([prepared], () => super.add(prepared, opts)))
      return super.add(prepared, opts);
    return this.#unsent(prepared, opts);
  }

  /** Adds flows: all of them or none. @throws as `add` */
  override async addBulk(flows: ShardedFlowJob[]): Promise<JobNode[]> {
    const prepared = flows.map((flow) => prepareFlow(this.#sharding, flow));
    if (!this.#isKept(prepared, () => super.addBulk(prepared))) return super.addBulk(prepared);
    return Promise.all(prepared.map((flow) => this.#unsent(flow)));
  }

  /** Resolves when the queue has taken or refused every flow whose transaction has committed. */
  flushed(): Promise<void> {
    return this.#afterCommit.flushed();
  }

  /** Waits for the flows whose transaction has committed, and closes. */
  override async close(): Promise<void> {
    await this.#afterCommit.flushed();
    await super.close();
  }

  /** The same as `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #isKept(flows: readonly FlowJob[], send: () => Promise<unknown>): boolean {
    const hasParent = flows.some(({ opts }) => opts !== undefined && 'parent' in opts);
    const sendIfOpen = () =>
      // Then BullMQ's own class would answer undefined, as if the flow had been sent.
      this.closing === undefined ? send() : Promise.reject(new Error('it was closed'));
    return this.#afterCommit.keep(`${flows.length} flow(s)`, sendIfOpen, hasParent);
  }

  /** The tree as BullMQ builds it, with the ids that its jobs will have. Nothing is sent. */
  #unsent(flow: FlowJob, opts?: FlowOpts): Promise<JobNode> {
    nameJobs(flow);
    const entries: never[] = [];
    const queuesOpts = opts?.queuesOptions;
    return this.addNode({
      entries,
      node: flow,
      parent: {},
      ...(queuesOpts && { queuesOpts }),
    } as never);
  }
}

function nameJobs(node: FlowJob): void {
  node.opts = { ...node.opts, jobId: node.opts?.jobId ?? randomUUID() };
  for (const child of node.children ?? []) nameJobs(child);
}
