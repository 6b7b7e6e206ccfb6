import { Job, type JobsOptions, type MinimalQueue } from 'bullmq';
import { readMetadata, writeMetadata } from './metadata.ts';
import { ENVELOPE, type WithEnvelope } from './sharding.ts';

/**
 * A job that our producers make where there is telemetry, and of every flow. BullMQ builds it
 * through this constructor, after its telemetry has written its text: the one place where the
 * envelope reaches all of them, flow children without options included.
 */
export class ShardedJob extends Job {
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
  };
  stored[ENVELOPE] = undefined; // deleting it would cost more than all the rest
  return stored;
}
