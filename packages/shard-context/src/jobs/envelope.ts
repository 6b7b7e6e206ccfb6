import { globalId, type GlobalId, type GlobalIdSigner } from '../gid/index.ts';
import { isSwitchyardError } from '../errors.ts';
import { Recent } from '../recent.ts';
import { JobEnvelopeInvalidError, JobEnvelopeUnreadableError } from './job-errors.ts';
import { signPlace, verifyPlace } from './signed-places.ts';

/**
 * Versions of the envelope. 1: the place, and plain global IDs in the payload. 2: both are signed.
 * A producer writes the oldest version that says what the job needs, so that workers of the release
 * before can run as much as they are able to; what they cannot read waits.
 */
export const ENVELOPE_VERSION = 2;

/** The place of a job: a tenant, a shard without a tenant, or none. */
export interface JobPlace {
  readonly shard: string;
  readonly tenant?: string | undefined;
  /** Epoch of the tenant's placement when the job was made. */
  readonly epoch?: number | undefined;
}

/** What travels beside the payload of a job, as plain JSON. Without a place the job has none. */
export interface JobEnvelope {
  /** Version of this envelope. */
  readonly v: number;
  /** The fleet whose topology names the shard. */
  readonly fleet: string;
  readonly shard?: string;
  readonly tenant?: string;
  readonly epoch?: number;
  /** Version 2: the place as a signed global ID, in place of the three above. */
  readonly place?: string;
}

/** Signs jobs, so that nobody who can write to the queue can name a place or a record. */
export interface JobSigning {
  readonly signer: GlobalIdSigner;
  /** Runs unsigned jobs as well: while those wait that were enqueued before. Default false. */
  readonly acceptUnsigned?: boolean;
}

/** An envelope that was read. */
export interface ReadEnvelope {
  readonly fleet: string;
  /** Undefined for a job that was made outside every context. */
  readonly place: JobPlace | undefined;
  /** True where the global IDs in the payload are signed. */
  readonly isSigned: boolean;
}

/** The envelope of a job made at that place. */
export function writeEnvelope(
  fleet: string,
  place: JobPlace | undefined,
  signing?: JobSigning,
): JobEnvelope {
  if (signing !== undefined) return signedEnvelope(fleet, place, signing);
  if (place === undefined) return { v: 1, fleet };
  const { shard, tenant, epoch } = place;
  if (tenant === undefined) return { v: 1, fleet, shard };
  return epoch === undefined
    ? { v: 1, fleet, shard, tenant }
    : { v: 1, fleet, shard, tenant, epoch };
}

function signedEnvelope(
  fleet: string,
  place: JobPlace | undefined,
  { signer }: JobSigning,
): JobEnvelope {
  if (place === undefined) return { v: 2, fleet };
  const { shard, tenant, epoch } = place;
  return { v: 2, fleet, place: signPlace(signer, { fleet, shard, tenant, epoch }) };
}

/** How a worker reads envelopes. */
export interface ReadOptions {
  readonly signing?: JobSigning | undefined;
  /** Newest version that this worker reads; lower it to rehearse a rolling deploy. */
  readonly readsUpTo?: number | undefined;
}

/**
 * Reads what `writeEnvelope` wrote.
 * @throws JobEnvelopeUnreadableError for a newer version, or a signed one without keys,
 * JobEnvelopeInvalidError for what is damaged, or not signed where it must be
 */
export function readEnvelope(value: unknown, options: ReadOptions = {}): ReadEnvelope {
  const envelope = checkedEnvelope(value);
  const { v } = envelope;
  const newest = options.readsUpTo ?? ENVELOPE_VERSION;
  if (v > newest) {
    const reason = `its envelope has version ${v}, this worker reads up to ${newest}`;
    throw new JobEnvelopeUnreadableError(reason);
  }
  if (v === 2) return readSigned(envelope, options.signing?.signer);
  if (options.signing !== undefined && options.signing.acceptUnsigned !== true) {
    throw new JobEnvelopeInvalidError('it is not signed, and this worker runs signed jobs only');
  }
  return readPlain(envelope);
}

/** Of envelopes that cannot change: queues hand out the same one for each job of a place. */
const readings = new Recent<{ readonly envelope: JobEnvelope; readonly read: ReadEnvelope }>();

function readPlain(envelope: JobEnvelope): ReadEnvelope {
  const name = envelope.tenant ?? envelope.shard;
  const before = readings.at(name);
  if (before?.envelope === envelope) return before.read;
  const read = { fleet: envelope.fleet, place: readPlace(envelope), isSigned: false };
  if (Object.isFrozen(envelope)) readings.keep(name, { envelope, read });
  return read;
}

function checkedEnvelope(value: unknown): JobEnvelope {
  const { v, fleet } = (value ?? {}) as Partial<JobEnvelope>;
  if (typeof v !== 'number' || !Number.isInteger(v) || v < 1) {
    throw new JobEnvelopeInvalidError('its envelope has no version');
  }
  // Of a newer version nothing but the number is known, so nothing else is asked of it here.
  if (v <= ENVELOPE_VERSION && typeof fleet !== 'string') {
    throw new JobEnvelopeInvalidError('its envelope names no fleet');
  }
  return value as JobEnvelope;
}

function readPlace({ fleet, shard, tenant, epoch }: JobEnvelope): JobPlace | undefined {
  if (shard === undefined && tenant === undefined) return undefined;
  return soundPlace(() =>
    globalId({ fleet, model: 'JobPlace', id: ['-'], shard: shard ?? '', tenant, epoch }),
  );
}

function readSigned(
  { fleet, place }: JobEnvelope,
  signer: GlobalIdSigner | undefined,
): ReadEnvelope {
  if (signer === undefined) {
    throw new JobEnvelopeUnreadableError('it is signed, and this worker has no keys');
  }
  if (place === undefined) return { fleet, place: undefined, isSigned: true };
  const signed = soundPlace(() => verifyPlace(signer, place));
  return { fleet: signed.fleet, place: signed, isSigned: true };
}

function soundPlace(read: () => GlobalId): GlobalId {
  try {
    return read();
  } catch (cause) {
    if (!isSwitchyardError(cause)) throw cause;
    throw new JobEnvelopeInvalidError('its envelope names no sound place', { cause });
  }
}
