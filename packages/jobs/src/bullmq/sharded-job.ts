import { Job, type JobsOptions, type MinimalQueue } from 'bullmq';
import { packPayload } from '../payload.ts';
import { readMetadata, writeMetadata } from './metadata.ts';
import { ENVELOPE, type WithEnvelope } from './sharding.ts';

/**
 * A job as the queue has it, outside its processor: its payload is what travels. BullMQ's own would
 * write a record as the plain object that JSON makes of it.
 */
export class StoredJob extends Job {
  /** @throws JobPayloadRefusedError for a record: only its processor takes those, and locates them */
  override async updateData(data: unknown): Promise<void> {
    return super.updateData(asPlainJson(data));
  }
}

/** Of a payload that is written as it travels: it holds no records, and is read as it is. */
export function asPlainJson(data: unknown): unknown {
  packPayload(data, () => undefined);
  return data;
}

/**
 * A job that our producers make. BullMQ builds it
 * through this constructor, after its telemetry has written its text: the one place where the
 * envelope reaches all of them, flow children without options included.
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
