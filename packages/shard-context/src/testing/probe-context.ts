import type { Place } from '../frame.ts';
import { openScope } from '../scope.ts';
import { currentFrame, outsideContext } from '../storage.ts';

/** One unit of work of a probe, as `run` gets it. */
export interface ProbedUnit {
  /** From 0; can serve as a key, where the probed library needs one. */
  readonly index: number;
  /**
   * Call it in the code that your library runs for this unit: its callback, listener, batch
   * function or loader. Notes which context that code runs in; the last call counts.
   */
  readonly look: () => void;
}

/** How a probe is run. */
export interface ProbeOptions {
  /** Units of work in flight at once. Default 40: more than most pools and limits let through. */
  readonly units?: number;
}

/** The result of a probe: how many units kept, lost or mixed their context. */
export interface ContextReport {
  /** Name of the probed library. */
  readonly name: string;
  readonly units: number;
  /** Units whose code ran in their own context. */
  readonly kept: number;
  /** Units whose code ran without a context: sharded work is refused there, so no wrong write. */
  readonly lost: number;
  /** Units whose code ran in the context of another unit: this is dangerous. */
  readonly mixed: number;
  /** Units for which `look` was never called: several were served by one call, or by none. */
  readonly unseen: number;
  /** True when every unit's code ran in its own context. */
  readonly isSafe: boolean;
}

type Seen = 'kept' | 'lost' | 'mixed' | 'unseen';

/**
 * Finds out whether a library of yours loses or mixes the shard context: runs many concurrent units
 * of work through it, each in a context of its own, and counts where their code ran. Give it your
 * queue, limiter, batcher, pool or emitter, set up as your service sets it up.
 *
 * ```ts
 * const report = await probeContext('p-limit', ({ look }) => limit(async () => look()));
 * assert(report.isSafe, describeReport(report));
 * ```
 *
 * `run` is called once for each unit, all in one turn of the event loop, and may return a promise;
 * the probe waits for all. Where code runs in another unit's context, wrap it with `bindShard`.
 * Rejects with what `run` throws.
 */
export async function probeContext(
  name: string,
  run: (unit: ProbedUnit) => unknown,
  { units = 40 }: ProbeOptions = {},
): Promise<ContextReport> {
  const places = Array.from({ length: units }, (_, index) => syntheticPlace(index));
  const seen = places.map((): Seen => 'unseen');
  await outsideContext(() =>
    Promise.all(
      places.map((place, index) => {
        const look = () => void (seen[index] = compare(place));
        return openScope(undefined, { place }, async () => run({ index, look }), probeContext);
      }),
    ),
  );
  return reportOn(name, seen);
}

/** A report in a line: `p-limit: 40 of 40 kept`. */
export function describeReport(report: ContextReport): string {
  const { name, units, kept, lost, mixed, unseen } = report;
  const rest = Object.entries({ lost, mixed, unseen }).filter(([, count]) => count > 0);
  return [`${name}: ${kept} of ${units} kept`, ...rest.map(([word, n]) => `${n} ${word}`)].join(
    ', ',
  );
}

/** No topology has these shards: if the probed code reaches a database, it is refused there. */
function syntheticPlace(index: number): Place {
  const unit = `probe-${index}`;
  return Object.freeze({ fleet: 'switchyard-probe', shard: unit, tenant: unit, epoch: index + 1 });
}

function compare(own: Place): Seen {
  const place = currentFrame()?.place;
  if (place === undefined) return 'lost';
  return place === own ? 'kept' : 'mixed';
}

function reportOn(name: string, seen: readonly Seen[]): ContextReport {
  const count = (what: Seen): number => seen.filter((each) => each === what).length;
  const kept = count('kept');
  return {
    name,
    units: seen.length,
    kept,
    lost: count('lost'),
    mixed: count('mixed'),
    unseen: count('unseen'),
    isSafe: kept === seen.length,
  };
}
