import type { FlowJob, JobsOptions } from 'bullmq';
import { pack, type JobPlace } from '../index.ts';
import { ENVELOPE, type Sharding, type WithEnvelope } from './sharding.ts';

/** Job options of sharded producers. */
export interface ShardedJobsOptions extends JobsOptions {
  /**
   * Where this job runs; a placement of the directory fits. Default: the place of the context, else
   * that of the records in its payload, else none.
   */
  readonly at?: JobPlace;
}

/** One job of a flow, with its own place where it has one. */
export interface ShardedFlowJob extends Omit<FlowJob, 'opts' | 'children'> {
  readonly opts?: Omit<ShardedJobsOptions, 'repeat'>;
  readonly children?: ShardedFlowJob[];
}

/** A job ready for BullMQ's own producers. */
export interface Prepared<Data> {
  /** The packed payload. BullMQ has one type for a job's data, packed or not: that of its processor. */
  readonly data: Data;
  readonly opts: JobsOptions & WithEnvelope;
}

/** Packs the payload and puts the envelope into the options. @throws as `pack` */
export function prepare<Data>(
  sharding: Sharding,
  payload: Data | undefined,
  { at, ...opts }: ShardedJobsOptions = {},
): Prepared<Data> {
  const { context, records, signing } = sharding;
  const packed = pack({ payload: dataOf(payload), records, context, at, signing });
  return { data: packed.payload as Data, opts: { ...opts, [ENVELOPE]: packed.envelope } };
}

/** BullMQ replaces missing data by an empty object; it keeps null. */
function dataOf(payload: unknown): unknown {
  return payload === undefined ? {} : payload;
}

/** Prepares every node, because BullMQ drops the context of nodes without options. */
export function prepareFlow(sharding: Sharding, node: ShardedFlowJob): FlowJob {
  const { data, opts } = prepare(sharding, node.data as unknown, node.opts);
  const { children, ...rest } = node;
  const prepared = { ...rest, data, opts } as FlowJob;
  if (children === undefined) return prepared;
  return { ...prepared, children: children.map((child) => prepareFlow(sharding, child)) };
}
