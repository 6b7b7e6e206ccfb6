import {
  currentFrame,
  type RecordLocator,
  type RecordReference,
  type ShardContext,
} from '@switchyard/shard-context';
import {
  FleetMismatchError,
  reportLateUse,
  ShardContextMissingError,
} from '@switchyard/shard-context/internal';
import { formatGlobalId, type GlobalId } from '@switchyard/shard-context/gid';
import { agrees, checkAgreement, placeOfRecords, type PlacedRecord } from './agreement.ts';
import { writeEnvelope, type JobEnvelope, type JobPlace, type JobSigning } from './envelope.ts';
import { packPayload, type Json } from './payload.ts';

/** The purpose of signed global IDs in a job's payload, and how long they are valid. */
export const RECORD_USE = { purpose: 'job-record', expires: 'never' } as const;

/** A job as plain JSON, for any queue. */
export interface PackedJob {
  /** Absent on jobs that another program, or a release before Switchyard, enqueued. */
  readonly envelope?: JobEnvelope | undefined;
  readonly payload: Json;
}

/** The job to enqueue, and the locator that knows its records. */
export interface PackRequest {
  readonly payload: unknown;
  readonly records: Pick<RecordLocator, 'isRecord' | 'referenceOf'>;
  /** Names the fleet where the job is made outside every context. */
  readonly context?: ShardContext | undefined;
  /** Where the job runs. Default: the place of the context, else that of its records. */
  readonly at?: JobPlace | undefined;
  readonly signing?: JobSigning | undefined;
  /** Where a repacked job was made: records without a tenant may be of that shard too. */
  readonly madeAt?: JobPlace | undefined;
}

/**
 * Makes a job ready for any queue: records in the payload become global IDs, and the envelope
 * carries the place. Outside every context the place is that of the records; a job without either
 * runs outside every context. `restore` is its counterpart in the worker.
 * @throws JobPayloadRefusedError, JobPlaceConflictError, FleetMismatchError
 */
export function pack(request: PackRequest): PackedJob & { readonly envelope: JobEnvelope } {
  const frame = currentFrame();
  reportLateUse(frame, 'make a job');
  const fleet = fleetOf(request.context, frame?.place?.fleet);
  let references: RecordReference[] = [];
  const payload = packPayload(request.payload, (value) => {
    if (!request.records.isRecord(value)) return undefined;
    const reference = request.records.referenceOf(value);
    // Most payloads have one record: an array literal, because a first push makes room for seventeen.
    if (references.length === 0) references = [reference];
    else references.push(reference);
    const { model, id, shard, tenant, epoch } = reference;
    return textOf({ fleet, model, id, shard, tenant, epoch }, request.signing);
  });
  const place = request.at ?? frame?.place ?? placeOfRecords(references);
  const fits = (record: JobPlace) =>
    place === undefined ||
    agrees(place, record) ||
    (record.tenant === undefined && record.shard === request.madeAt?.shard);
  if (place !== undefined && !references.every(fits)) {
    const misfits = recordsWithPaths(request).filter((record) => !fits(record));
    checkAgreement('make a job', place, misfits);
  }
  return { envelope: writeEnvelope(fleet, place, request.signing), payload };
}

/** A second look at the payload: only a refusal needs the paths. */
function recordsWithPaths({ payload, records }: PackRequest): PlacedRecord[] {
  const placed: PlacedRecord[] = [];
  packPayload(payload, (value, { path }) => {
    if (!records.isRecord(value)) return undefined;
    placed.push({ ...records.referenceOf(value), path });
    return '';
  });
  return placed;
}

function fleetOf(context: ShardContext | undefined, entered: string | undefined): string {
  const fleet = context?.topology.fleet ?? entered;
  if (fleet === undefined) throw new ShardContextMissingError('make a job');
  if (entered !== undefined && entered !== fleet) {
    throw new FleetMismatchError('make a job', fleet, entered);
  }
  return fleet;
}

function textOf(value: GlobalId, signing: JobSigning | undefined): string {
  if (signing === undefined) return formatGlobalId(value);
  return signing.signer.sign(value, RECORD_USE);
}
