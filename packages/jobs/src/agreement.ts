import type { JobPlace } from './envelope.ts';
import { JobPlaceConflictError } from './job-errors.ts';
import { printName } from '@switchyard/shard-context/internal';

/** The place of a record of a payload, and its path in the payload. */
export interface PlacedRecord extends JobPlace {
  readonly path: string;
}

/**
 * Refuses records that do not belong to the place of the job: they must agree on the tenant, and on
 * the shard where one of them has no tenant or both were seen at one epoch. At other epochs the
 * tenant has moved in between, and the shards may differ.
 * @throws JobPlaceConflictError
 */
export function checkAgreement(
  attempted: string,
  place: JobPlace,
  records: readonly PlacedRecord[],
): void {
  for (const record of records) {
    if (agrees(place, record)) continue;
    throw new JobPlaceConflictError(attempted, record.path, described(record), described(place));
  }
}

/** The place that a payload's records agree on; undefined without records. */
export function placeOfRecords(records: readonly JobPlace[]): JobPlace | undefined {
  const [first] = records;
  if (records.length < 2 || first === undefined) return first;
  // The record with the highest epoch knows the tenant's place best; one without a tenant knows its shard.
  return records.reduce<JobPlace>(
    (best, record) => {
      return (record.epoch ?? -1) > (best.epoch ?? -1) ? record : best;
    },
    records.find(({ tenant }) => tenant !== undefined) ?? first,
  );
}

/** True where a record seen at `record` may be part of a job at `job`. */
export function agrees(job: JobPlace, record: JobPlace): boolean {
  if (job.tenant === undefined || record.tenant === undefined) return job.shard === record.shard;
  if (job.tenant !== record.tenant) return false;
  return job.epoch !== record.epoch || job.shard === record.shard;
}

function described({ shard, tenant }: JobPlace): string {
  return tenant === undefined
    ? `shard ${printName(shard)}`
    : `tenant ${printName(tenant)} on shard ${printName(shard)}`;
}
