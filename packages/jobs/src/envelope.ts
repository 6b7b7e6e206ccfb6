import { isSwitchyardError, type Place } from '@switchyard/shard-context';
import { globalId, type GlobalId, type GlobalIdSigner } from '@switchyard/shard-context/gid';
import { JobEnvelopeInvalidError, JobEnvelopeUnreadableError } from './job-errors.ts';
import { PLACE_MODEL, signPlace, verifyPlace } from './recent-places.ts';

/**
 * Versions of the envelope. 1: the place, and plain global IDs in the payload. 2: both are signed.
 * A producer writes the oldest version that can express the job, so that workers of the previous
 * release can run as many jobs as possible. Jobs that they cannot read wait.
 */
export const ENVELOPE_VERSION = 2;

/** The place of a job: a tenant, a shard without a tenant, or none. */
export interface JobPlace {
  readonly shard: string;
  readonly tenant?: string | undefined;
  /** Epoch of the tenant's placement when the job was made. */
  readonly epoch?: number | undefined;
}

/** The part of a job that travels beside its payload, as plain JSON. */
export interface JobEnvelope {
  /** Version of this envelope. */
  readonly v: number;
  /** The fleet whose topology names the shard. */
  readonly fleet: string;
  readonly shard?: string;
  readonly tenant?: string;
  readonly epoch?: number;
  /** Version 2: the place as a signed global ID, instead of the three fields above. */
  readonly place?: string;
}

/** Signs jobs, so that an intruder who can write to the queue cannot name a place or a record. */
export interface JobSigning {
  readonly signer: GlobalIdSigner;
  /** Runs unsigned jobs as well: while jobs from before the signing still wait. Default false. */
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

/**
 * The envelope of a job made at that place.
 * @throws GlobalIdInvalidError, GlobalIdShardMissingError for a place that cannot be signed
 */
export function writeEnvelope(
  fleet: string,
  at: JobPlace | undefined,
  signing?: JobSigning,
): JobEnvelope {
  const signer = signing?.signer;
  if (at === undefined) return { v: signer === undefined ? 1 : 2, fleet };
  const { shard, tenant, epoch } = at;
  const place = { fleet, shard, tenant, epoch };
  if (signer === undefined) return plainEnvelope(place);
  return { v: 2, fleet, place: signPlace(signer, placeId(place)) };
}

function plainEnvelope({ fleet, shard, tenant, epoch }: Place): JobEnvelope {
  if (tenant === undefined) return { v: 1, fleet, shard };
  return epoch === undefined
    ? { v: 1, fleet, shard, tenant }
    : { v: 1, fleet, shard, tenant, epoch };
}

/** A place as a global ID, which is checked and can be signed. */
function placeId(place: Place): GlobalId {
  return globalId({ ...place, model: PLACE_MODEL, id: ['-'] });
}

/** How a worker reads envelopes. */
export interface EnvelopeReadOptions {
  readonly signing?: JobSigning | undefined;
  /** Newest version that this worker reads; lower it to rehearse a rolling deploy. */
  readonly readsUpTo?: number | undefined;
}

/**
 * Reads an envelope that `writeEnvelope` wrote.
 * @throws JobEnvelopeUnreadableError for a newer version, or for a signed envelope without keys,
 * JobEnvelopeInvalidError for a damaged envelope, or an unsigned one where it must be signed
 */
export function readEnvelope(value: unknown, options: EnvelopeReadOptions = {}): ReadEnvelope {
  const envelope = checkedEnvelope(value);
  const { v } = envelope;
  const newest = options.readsUpTo ?? ENVELOPE_VERSION;
  if (v > newest) {
    const reason = `its envelope has version ${v}, this worker reads up to ${newest}`;
    throw new JobEnvelopeUnreadableError(reason);
  }
  const signer = options.signing?.signer;
  if (v === 2 && signer === undefined) {
    throw new JobEnvelopeUnreadableError('it is signed, and this worker has no keys');
  }
  if (v === 1) refuseUnlessUnsignedRuns(options.signing);
  const isSigned = isSignedEnvelope(envelope);
  const place = isSigned ? signedPlace(envelope, signer as GlobalIdSigner) : plainPlace(envelope);
  // The fleet of the place comes from the signed text, never from the field beside it.
  return { fleet: place?.fleet ?? envelope.fleet, place, isSigned };
}

/** True where unsigned jobs run. */
export function runsUnsigned(signing: JobSigning | undefined): boolean {
  return signing === undefined || signing.acceptUnsigned === true;
}

/** @throws JobEnvelopeInvalidError */
export function refuseUnlessUnsignedRuns(signing: JobSigning | undefined): void {
  if (runsUnsigned(signing)) return;
  throw new JobEnvelopeInvalidError('it is not signed, and this worker runs signed jobs only');
}

/** True where the place, and the global IDs of the payload beside it, are signed. */
export function isSignedEnvelope({ v }: JobEnvelope): boolean {
  return v === 2;
}

function checkedEnvelope(value: unknown): JobEnvelope {
  const { v, fleet } = (value ?? {}) as Partial<JobEnvelope>;
  if (typeof v !== 'number' || !Number.isInteger(v) || v < 1) {
    throw new JobEnvelopeInvalidError('its envelope has no version');
  }
  // Only the number of a newer version can be relied on, so nothing else is checked here.
  if (v <= ENVELOPE_VERSION && typeof fleet !== 'string') {
    throw new JobEnvelopeInvalidError('its envelope names no fleet');
  }
  return value as JobEnvelope;
}

function plainPlace({ fleet, shard, tenant, epoch }: JobEnvelope): GlobalId | undefined {
  // An epoch alone is the rest of a damaged place: the job had a place.
  if (shard === undefined && tenant === undefined && epoch === undefined) return undefined;
  return soundPlace(() => placeId({ fleet, shard: shard ?? '', tenant, epoch }));
}

function signedPlace({ place }: JobEnvelope, signer: GlobalIdSigner): GlobalId | undefined {
  return place === undefined ? undefined : soundPlace(() => verifyPlace(signer, place));
}

function soundPlace(read: () => GlobalId): GlobalId {
  try {
    return read();
  } catch (cause) {
    if (!isSwitchyardError(cause)) throw cause;
    throw new JobEnvelopeInvalidError('its envelope names no sound place', { cause });
  }
}
