import { Job, type JobsOptions, type MinimalQueue } from 'bullmq';
import { packPayload } from '../payload.ts';
import { readMetadata, writeMetadata } from './metadata.ts';
import { ENVELOPE, type WithEnvelope } from './sharding.ts';

/**
 * A job as the queue has it, outside its processor: its payload is packed. BullMQ's own job would
 * write a record as plain JSON.
 */
export class StoredJob extends Job {
  /** @throws JobPayloadRefusedError for a record: only the job's processor accepts records */
  override async updateData(data: unknown): Promise<void> {
    return super.updateData(asPlainJson(data));
  }
}

/** Packs a payload without records: it is read as it was written. */
export function asPlainJson(data: unknown): unknown {
  packPayload(data, () => undefined);
  return data;
}

/**
 * A job that sharded producers make. BullMQ builds it through this constructor, after its telemetry
 * has written its text. Only here does the envelope reach all jobs, including children of flows that
 * have no options.
 */
export class ShardedJob extends StoredJob {
  constructor(
    queue: MinimalQueue,
    name: string,
    data: unknown,
    opts: JobsOptions & WithEnvelope = {},
    id?: string,
  ) {
    super(queue, name, data, withEnvelopeAsMetadata(opts), id);
  }
}

/** The options as BullMQ stores them: the envelope moves into the telemetry text. */
export function withEnvelopeAsMetadata(opts: JobsOptions & WithEnvelope): JobsOptions {
  const envelope = opts[ENVELOPE];
  if (envelope === undefined) return opts;
  const own = opts.telemetry?.omitContext ? undefined : opts.telemetry?.metadata;
  const metadata = writeMetadata({ envelope, telemetry: readMetadata(own).telemetry });
  const stored: JobsOptions & WithEnvelope = {
    ...opts,
    telemetry: { ...opts.telemetry, metadata },
    [ENVELOPE]: undefined,
  };
  return stored;
}
