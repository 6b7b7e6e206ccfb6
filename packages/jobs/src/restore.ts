import {
  type Locator,
  outsideContext,
  type Placement,
  type RecordLocator,
  type RoutingKey,
  type ShardContext,
} from '@switchyard/shard-context';

import {
  declaredShard,
  FleetMismatchError,
  TenantFrozenError,
  TenantNameRefusedError,
} from '@switchyard/shard-context/internal';
import {
  readEnvelope,
  refuseUnlessUnsignedRuns,
  type JobPlace,
  type ReadEnvelope,
  type EnvelopeReadOptions,
} from './envelope.ts';
import { JobEnvelopeInvalidError, JobEnvelopeMissingError } from './job-errors.ts';
import type { PackedJob } from './pack.ts';
import { unpackPayload, type Unpacked } from './payload.ts';
import {
  agreeWhereItRuns,
  isAt,
  locateRecords,
  placedReferences,
  putRecords,
  type PlacedReference,
} from './records.ts';
import { onRunningPlace, type RunningPlace } from './running-place.ts';

/** The parts that a worker needs to restore jobs. */
export interface RestoreOptions<Job = PackedJob> extends EnvelopeReadOptions {
  readonly context: ShardContext;
  readonly locator: Locator;
  readonly records: RecordLocator;
  /**
   * Returns the routing key of a job that carries no envelope, because it was enqueued before the
   * deployment. Undefined refuses the job. Default: refuse. Not called where only signed jobs run.
   */
  readonly onMissingEnvelope?:
    ((job: Job) => RoutingKey | undefined | Promise<RoutingKey | undefined>) | undefined;
  /**
   * What to do when a record of the payload does not exist any more: fail the job for good, or end it
   * without running its code. Default: fail.
   */
  readonly onGone?: 'fail' | 'discard' | undefined;
}

/** A job as an adapter has it. */
export interface AdaptedJob<Job, T> {
  /** What the queue calls a job, for `onMissingEnvelope`. */
  readonly job: Job;
  readonly packed: PackedJob;
  /** The job's own code. */
  fn(payload: unknown): T | Promise<T>;
  /**
   * Called with the place where the job will run, before its records are located. Only called with a
   * place that could be entered, because the job's listeners enter it again.
   */
  onPlaced?(place: RunningPlace | undefined): void;
}

/**
 * Runs `fn` with the payload of a packed job, its records located, in the context of the job: on
 * today's placement of its tenant, locked to it. The context around it is not inherited.
 * Answers undefined, without running `fn`, where a record is gone and `onGone` is `discard`.
 * @throws JobEnvelopeMissingError, JobEnvelopeInvalidError, JobEnvelopeUnreadableError,
 * JobPlaceConflictError, ShardNotDeclaredError, FleetMismatchError, TenantUnknownError,
 * TenantFrozenError, DirectoryUnavailableError, JobRecordGoneError, JobRecordUnavailableError,
 * JobRecordMisroutedError, what a shard answers that refuses to read a record: all before `fn` ran
 */
export function restore<T>(
  packed: PackedJob,
  options: RestoreOptions,
  fn: (payload: unknown) => T | Promise<T>,
): Promise<T | undefined> {
  return restoreJob({ job: packed, packed, fn }, options);
}

/** `restore` for adapters. */
export function restoreJob<Job, T>(
  adapted: AdaptedJob<Job, T>,
  options: RestoreOptions<Job>,
): Promise<T | undefined> {
  const restore = adapted.packed.envelope === undefined ? restoreUnknown : restoreKnown;
  return outsideContext(() => restore(adapted, options));
}

async function restoreKnown<Job, T>(
  adapted: AdaptedJob<Job, T>,
  options: RestoreOptions<Job>,
): Promise<T | undefined> {
  const envelope = readEnvelope(adapted.packed.envelope, options);
  const unpacked = unpackPayload(adapted.packed.payload);
  const references = placedReferences(unpacked.slots, envelope, options);
  checkFleet(options.context, envelope);
  checkTenant(options.context, envelope);
  const now = placeNow(envelope.place, options);
  const place = now instanceof Promise ? await now : now;
  agreeWhereItRuns(references, envelope.place, place);
  // Locked at once, unless the search for a record may have to follow it to another shard.
  const lock = references.every(({ reference }) => isAt(place, reference));
  const run = () => {
    adapted.onPlaced?.(place);
    return runLocated(adapted, { place, unpacked, references }, lock, options);
  };
  return await onRunningPlace(options.context, place, run, { lock });
}

/** A job from before the deployment has a plain payload; its routing key leads to its place. */
async function restoreUnknown<Job, T>(
  adapted: AdaptedJob<Job, T>,
  options: RestoreOptions<Job>,
): Promise<T> {
  refuseUnlessUnsignedRuns(options.signing); // otherwise the removal of an envelope would let an attacker choose the place
  const key = await options.onMissingEnvelope?.(adapted.job);
  if (key === undefined) throw new JobEnvelopeMissingError();
  const place = await thawed(options.locator.locateKey(key), options.locator);
  const run = async () => {
    adapted.onPlaced?.(place);
    return adapted.fn(adapted.packed.payload);
  };
  return onRunningPlace(options.context, place, run, { lock: true });
}

/** A job at its place, before its records are located. */
interface PlacedJob {
  readonly place: RunningPlace | undefined;
  readonly unpacked: Unpacked;
  readonly references: readonly PlacedReference[];
}

/** `isLocked`: the scope around is locked to the place of the job already. */
function runLocated<Job, T>(
  adapted: AdaptedJob<Job, T>,
  { place, unpacked, references }: PlacedJob,
  isLocked: boolean,
  options: RestoreOptions<Job>,
): T | Promise<T | undefined> {
  const run = () => adapted.fn(unpacked.payload());
  if (references.length === 0) return run();
  return locateRecords(place, references, options.records).then((located) => {
    if (putRecords(located, references, options.onGone) === 'discard') return undefined;
    return isLocked ? run() : onRunningPlace(options.context, place, run, { lock: true });
  });
}

function checkFleet(context: ShardContext, { fleet }: ReadEnvelope): void {
  if (fleet === context.topology.fleet) return;
  throw new FleetMismatchError('run a job', context.topology.fleet, fleet);
}

/** A name that no tenant can have is a damaged envelope: it is refused without asking the directory. */
function checkTenant({ topology }: ShardContext, { place }: ReadEnvelope): void {
  if (place?.tenant === undefined || topology.tenantNames.allows(place.tenant)) return;
  const cause = new TenantNameRefusedError(
    'read the envelope of a job',
    place.tenant,
    topology.tenantNames.problemOf(place.tenant) ?? '',
  );
  throw new JobEnvelopeInvalidError('its envelope names no sound place', { cause });
}

/** Where the job runs now: today's placement of its tenant, or its shard. Often without a promise. */
function placeNow<Job>(
  place: JobPlace | undefined,
  { context, locator }: RestoreOptions<Job>,
): RunningPlace | undefined | Promise<RunningPlace> {
  if (place === undefined) return undefined;
  const { tenant, epoch } = place;
  if (tenant === undefined) {
    return { shard: declaredShard(context.topology, place.shard, 'run a job').name };
  }
  const options = epoch === undefined ? {} : { minEpoch: epoch };
  const cached = locator.cachedTenant?.(tenant, options);
  if (cached !== undefined && cached.state !== 'frozen') return cached;
  return thawed(cached ?? locator.locateTenant(tenant, options), locator);
}

/** A frozen placement is about to change, so the directory is asked once more, without the cache. */
async function thawed(
  located: Placement | Promise<Placement>,
  locator: Locator,
): Promise<Placement> {
  const placement = await located;
  if (placement.state !== 'frozen') return placement;
  const { tenant, epoch } = placement;
  let cause: unknown;
  try {
    const next = await locator.locateTenant(tenant, { minEpoch: epoch + 1 });
    if (next.state !== 'frozen') return next;
  } catch (error) {
    cause = error; // no newer placement yet: probably still frozen
  }
  throw new TenantFrozenError({ attempted: 'run a job', ...placement }, { cause });
}
