import {
  isSwitchyardError,
  type LocatedRecord,
  type RecordLocator,
} from '@switchyard/shard-context';
import { type GlobalId, parseGlobalId } from '@switchyard/shard-context/gid';
import { agrees, checkAgreement, placeOfRecords, type PlacedRecord } from './agreement.ts';
import type { JobPlace, ReadEnvelope, EnvelopeReadOptions } from './envelope.ts';
import {
  JobEnvelopeInvalidError,
  JobPlaceConflictError,
  JobRecordGoneError,
  JobRecordMisroutedError,
  JobRecordUnavailableError,
} from './job-errors.ts';
import { RECORD_USE } from './pack.ts';
import type { RecordSlot } from './payload.ts';
import type { RunningPlace } from './running-place.ts';

/** A record that a payload names, and all its slots in the payload. */
export interface PlacedReference {
  readonly reference: GlobalId;
  readonly slots: readonly RecordSlot[];
}

/**
 * The records of a payload, each once, checked against the envelope before any query.
 * @throws JobEnvelopeInvalidError, JobPlaceConflictError
 */
export function placedReferences(
  slots: readonly RecordSlot[],
  envelope: ReadEnvelope,
  { signing }: EnvelopeReadOptions,
): PlacedReference[] {
  if (slots.length === 0) return [];
  const keys = envelope.isSigned ? signing : undefined;
  const references = byText(slots).map((same) => ({
    reference: readReference((same[0] as RecordSlot).text, keys),
    slots: same,
  }));
  agree(references, envelope);
  return references;
}

function byText(slots: readonly RecordSlot[]): (readonly RecordSlot[])[] {
  if (slots.length === 1) return [slots];
  const wanted = new Map<string, RecordSlot[]>();
  for (const slot of slots) {
    const same = wanted.get(slot.text);
    if (same === undefined) wanted.set(slot.text, [slot]);
    else same.push(slot);
  }
  return [...wanted.values()];
}

function readReference(text: string, signing: EnvelopeReadOptions['signing']): GlobalId {
  try {
    if (signing === undefined) return parseGlobalId(text);
    return signing.signer.verify(text, RECORD_USE);
  } catch (cause) {
    if (!isSwitchyardError(cause)) throw cause;
    throw new JobEnvelopeInvalidError('its payload names a record that is not sound', { cause });
  }
}

function agree(references: readonly PlacedReference[], { fleet, place }: ReadEnvelope): void {
  for (const one of references) {
    if (one.reference.fleet !== fleet) throw ofAnotherFleet(one, fleet);
  }
  const agreed = place ?? placeOfRecords(references.map(({ reference }) => reference));
  if (agreed === undefined) return;
  for (const { reference } of references) {
    if (place !== undefined && isJudgedLater(place, reference)) continue;
    if (!agrees(agreed, reference))
      return checkAgreement('run a job', agreed, withPaths(references));
  }
}

/** A record without a tenant in a tenant's job. The tenant may have moved, so its new shard is valid too. */
function isJudgedLater(job: JobPlace, record: JobPlace): boolean {
  return job.tenant !== undefined && record.tenant === undefined && record.shard !== job.shard;
}

/**
 * Refuses records without a tenant that are neither of the shard where the job was made nor of the
 * shard where it runs. Both are valid, because code may have put records into the payload before and
 * after the tenant moved.
 * @throws JobPlaceConflictError
 */
export function agreeWhereItRuns(
  references: readonly PlacedReference[],
  made: JobPlace | undefined,
  runs: RunningPlace | undefined,
): void {
  if (made === undefined) return;
  for (const one of references) {
    if (!isJudgedLater(made, one.reference) || one.reference.shard === runs?.shard) continue;
    checkAgreement('run a job', made, withPaths([one]));
  }
}

/** Only a conflict needs the paths. */
function withPaths(references: readonly PlacedReference[]): PlacedRecord[] {
  return references.map(({ reference, slots }) => ({ ...reference, path: pathOf(slots) }));
}

function ofAnotherFleet({ reference, slots }: PlacedReference, fleet: string): Error {
  const theirs = `fleet ${reference.fleet}`;
  return new JobPlaceConflictError('run a job', pathOf(slots), theirs, `fleet ${fleet}`);
}

function pathOf(slots: readonly RecordSlot[]): string {
  return slots[0]?.path ?? 'payload';
}

/**
 * Locates all records of a payload in one batch. A reference without a tenant may name any row of its
 * shard, so it is searched outside the lock. A tenant's job never gets a row of another tenant.
 */
export function locateRecords(
  place: RunningPlace | undefined,
  references: readonly PlacedReference[],
  records: RecordLocator,
): Promise<LocatedRecord[]> {
  // With the places that they name: the locator knows where the tenant lives now, and whether ids hold there.
  const wanted = references.map(({ reference }) => reference);
  return place?.tenant === undefined
    ? records.locateMany(wanted)
    : records.locateMany(wanted, { tenant: place.tenant });
}

/**
 * Puts the located records into their slots. Of several failures, one that no retry can fix is thrown
 * first.
 * @throws JobRecordMisroutedError, JobRecordGoneError, JobRecordUnavailableError; what a shard said
 * that answered with an error
 */
export function putRecords(
  located: readonly LocatedRecord[],
  references: readonly PlacedReference[],
  onGone: 'fail' | 'discard' = 'fail',
): 'put' | 'discard' {
  if (located.some(({ outcome }) => outcome !== 'found')) {
    refuse(located, 'misrouted', references);
    if (onGone === 'discard' && located.some(({ outcome }) => outcome === 'gone')) return 'discard';
    refuse(located, 'gone', references);
    refuse(located, 'unavailable', references);
  }
  for (let i = 0; i < references.length; i++) {
    const found = located[i] as Extract<LocatedRecord, { outcome: 'found' }>;
    for (const slot of (references[i] as PlacedReference).slots) slot.put(found.record);
  }
  return 'put';
}

/** True for a record of the job's tenant: it is searched only where the job runs. */
export function isAt(place: RunningPlace | undefined, reference: GlobalId): boolean {
  return place?.tenant !== undefined && reference.tenant === place.tenant;
}

function refuse(
  located: readonly LocatedRecord[],
  outcome: 'misrouted' | 'gone' | 'unavailable',
  references: readonly PlacedReference[],
): void {
  const i = located.findIndex((one) => one.outcome === outcome);
  const one = located[i];
  if (one === undefined || one.outcome === 'found') return;
  const { reference, slots } = references[i] as PlacedReference;
  const where = [pathOf(slots), reference.model, reference.shard] as const;
  if (one.outcome === 'misrouted') throw new JobRecordMisroutedError(...where, one.reason);
  if (one.outcome === 'gone') throw new JobRecordGoneError(...where);
  if (one.answered === true) throw one.cause;
  throw new JobRecordUnavailableError(...where, { cause: one.cause });
}
