import { FleetMismatchError } from '../context-errors.ts';
import type { Locator, Placement, RecordLocator, RoutingKey } from '../ports.ts';
import { TenantFrozenError } from '../routing-errors.ts';
import type { ShardContext } from '../shard-context.ts';
import { outsideContext } from '../storage.ts';
import { readEnvelope, type JobPlace, type ReadEnvelope, type ReadOptions } from './envelope.ts';
import { JobEnvelopeMissingError } from './job-errors.ts';
import type { PackedJob } from './pack.ts';
import { unpackPayload, type Unpacked } from './payload.ts';
import {
  isAt,
  locateRecords,
  placedReferences,
  putRecords,
  type PlacedReference,
} from './records.ts';
import { onRunningPlace, type RunningPlace } from './running-place.ts';

/** What a worker needs to restore jobs. */
export interface RestoreOptions<Job = PackedJob> extends ReadOptions {
  readonly context: ShardContext;
  readonly locator: Locator;
  readonly records: RecordLocator;
  /**
   * Says whose a job is that carries no envelope, because it was enqueued before the deploy.
   * Undefined refuses it. Default: refuse.
   */
  readonly onMissingEnvelope?:
    ((job: Job) => RoutingKey | undefined | Promise<RoutingKey | undefined>) | undefined;
  /**
   * What to do when a record of the payload is not there any more: fail the job for good, or end it
   * without running its code. Default: fail.
   */
  readonly onGone?: 'fail' | 'discard' | undefined;
  /** Told where the job will run, before its records are located. */
  readonly onPlaced?: ((place: RunningPlace | undefined) => void) | undefined;
}

/**
 * Runs `fn` with the payload of a packed job, its records located, in the context of the job: on
 * today's placement of its tenant, locked to it. Nothing of the context around is inherited.
 * Answers undefined, without running `fn`, where a record is gone and `onGone` is `discard`.
 * @throws JobEnvelopeMissingError, JobEnvelopeInvalidError, JobEnvelopeUnreadableError,
 * JobPlaceConflictError, UnknownShardError, FleetMismatchError, TenantUnknownError,
 * TenantFrozenError, DirectoryUnavailableError, JobRecordGoneError, JobRecordUnavailableError,
 * JobRecordMisroutedError: all before `fn` ran
 */
export function restore<T>(
  packed: PackedJob,
  options: RestoreOptions,
  fn: (payload: unknown) => T | Promise<T>,
): Promise<T | undefined> {
  return restoreJob(packed, packed, options, fn);
}

/** `restore` for adapters: `job` is what their queue calls a job, for `onMissingEnvelope`. */
export function restoreJob<Job, T>(
  job: Job,
  packed: PackedJob,
  options: RestoreOptions<Job>,
  fn: (payload: unknown) => T | Promise<T>,
): Promise<T | undefined> {
  return outsideContext(() => {
    if (packed.envelope === undefined) return restoreUnknown(job, packed, options, fn);
    return restoreKnown(packed, options, fn);
  });
}

async function restoreKnown<Job, T>(
  packed: PackedJob,
  options: RestoreOptions<Job>,
  fn: (payload: unknown) => T | Promise<T>,
): Promise<T | undefined> {
  const envelope = readEnvelope(packed.envelope, options);
  const unpacked = unpackPayload(packed.payload);
  const references = placedReferences(unpacked.slots, envelope, options);
  checkFleet(options.context, envelope);
  const asked = askPlace(envelope.place, options);
  const answer = asked instanceof Promise ? await asked : asked;
  const place = isFrozen(answer) ? await thawed(answer, options.locator) : answer;
  options.onPlaced?.(place);
  if (references.length === 0) {
    const bare = async () => fn(unpacked.payload());
    return onRunningPlace(options.context, place, bare, { lock: true });
  }
  // Locked at once, unless a record may have to be followed elsewhere while it is looked for.
  const lock = references.every(({ reference }) => isAt(place, reference));
  const run = () => runLocated({ place, lock, unpacked, references }, options, fn);
  // Awaited here: a promise that is returned by another costs two more.
  return await onRunningPlace(options.context, place, run, { lock });
}

/** A job of before the deploy has a plain payload and the place that its routing key leads to. */
async function restoreUnknown<Job, T>(
  job: Job,
  packed: PackedJob,
  options: RestoreOptions<Job>,
  fn: (payload: unknown) => T | Promise<T>,
): Promise<T> {
  const key = await options.onMissingEnvelope?.(job);
  if (key === undefined) throw new JobEnvelopeMissingError();
  const answer = await options.locator.locateKey(key);
  const place = isFrozen(answer) ? await thawed(answer, options.locator) : answer;
  options.onPlaced?.(place);
  return onRunningPlace(options.context, place, async () => fn(packed.payload), { lock: true });
}

/** A job at its place, before its records are located. */
interface PlacedJob {
  readonly place: RunningPlace | undefined;
  /** True where the scope around is locked to that place already. */
  readonly lock: boolean;
  readonly unpacked: Unpacked;
  readonly references: readonly PlacedReference[];
}

async function runLocated<Job, T>(
  { place, lock, unpacked, references }: PlacedJob,
  options: RestoreOptions<Job>,
  fn: (payload: unknown) => T | Promise<T>,
): Promise<T | undefined> {
  const located = await locateRecords(place, references, options.records);
  if (putRecords(located, references, options.onGone) === 'discard') return undefined;
  if (lock) return await fn(unpacked.payload());
  const run = async () => fn(unpacked.payload());
  return onRunningPlace(options.context, place, run, { lock: true });
}

function checkFleet(context: ShardContext, { fleet }: ReadEnvelope): void {
  if (fleet === context.topology.fleet) return;
  throw new FleetMismatchError('run a job', context.topology.fleet, fleet);
}

function askPlace<Job>(
  place: JobPlace | undefined,
  { context, locator }: RestoreOptions<Job>,
): RunningPlace | undefined | Promise<Placement> {
  if (place === undefined) return undefined;
  const { tenant, epoch } = place;
  if (tenant === undefined) return { shard: context.topology.shard(place.shard).name };
  return locator.locateTenant(tenant, epoch === undefined ? {} : { minEpoch: epoch });
}

function isFrozen(place: RunningPlace | Placement | undefined): place is Placement {
  return place !== undefined && 'state' in place && place.state === 'frozen';
}

/** A frozen placement is about to change: what the cache holds is asked for once more, past it. */
async function thawed(placement: Placement, locator: Locator): Promise<Placement> {
  const { tenant, epoch } = placement;
  let cause: unknown;
  try {
    const next = await locator.locateTenant(tenant, { minEpoch: epoch + 1 });
    if (next.state !== 'frozen') return next;
  } catch (error) {
    cause = error; // no newer placement yet: still frozen, as far as anybody knows
  }
  throw new TenantFrozenError({ attempted: 'run a job', ...placement }, { cause });
}
