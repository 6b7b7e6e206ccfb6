import type { Shard } from '@switchyard/shard-context';
import { describeDifference, type Difference } from '../drift/table-differences.ts';
import type { PlanRefusal } from '../plan/plan.ts';
import type { Forecast } from '../rollout/shard-forecast.ts';

/** In what the schema of a shard differs from that of a sibling. */
export type Compare = (shard: Shard, sibling: Shard) => Promise<readonly Difference[]>;

/**
 * Refuses the shards whose schema is not that of most of their siblings at the same point of the
 * ledger and of the same server version: a migration that went well on the canary says nothing
 * about them. Where no schema has a majority, no one can say who drifted, and nothing is refused.
 * The refusal names what differs, as `compare` finds it.
 */
export async function driftOf(
  forecasts: readonly Forecast[],
  allow: readonly string[],
  compare: Compare,
): Promise<Forecast[]> {
  const odd = new Map([...groupBy(forecasts, peersOf).values()].flatMap(oddOnesOf));
  return Promise.all(
    forecasts.map(async (forecast) => {
      const sibling = odd.get(forecast);
      const flag = `drift:${forecast.shard.name}`;
      if (sibling === undefined || allow.includes(flag)) return forecast;
      const differences = await compare(forecast.shard, sibling.shard).catch(() => []); // it says less
      const refusal = refusalOf(forecast, sibling, differences);
      return { ...forecast, refusals: [...forecast.refusals, { ...refusal, flag }] };
    }),
  );
}

/** Shards that ought to look the same. Those without a plan are left out. */
function peersOf({ plans }: Forecast): string | undefined {
  const first = plans[0];
  return first && `${first.serverVersion} before ${first.migration}`;
}

/** Each with one of the majority that it is not like. */
function oddOnesOf(peers: readonly Forecast[]): [odd: Forecast, sibling: Forecast][] {
  const schemas = [...groupBy(peers, ({ plans }) => plans[0]?.fingerprint).values()];
  const majority = schemas.find((schema) => schema.length * 2 > peers.length);
  const [sibling] = majority ?? [];
  if (sibling === undefined) return [];
  return peers.filter((peer) => !majority?.includes(peer)).map((peer) => [peer, sibling]);
}

/** Differences that a refusal names; the others are counted. */
const NAMED = 3;

function refusalOf(
  { shard, plans }: Forecast,
  sibling: Forecast,
  differences: readonly Difference[],
): PlanRefusal {
  const named = differences.slice(0, NAMED).map(describeDifference);
  const more = differences.length - named.length;
  const what = [...named, ...(more > 0 ? [`${more} more`] : [])].join('; ');
  const first = differences[0]?.table;
  return {
    rule: 'DRIFT',
    table: first,
    clause: plans[0]?.migration ?? '',
    reason: `the schema of ${shard.name} is not that of ${sibling.shard.name} and most of its siblings${what && `: ${what}`}`,
    remedy: 'Look at `switchyard drift`, which has the statements that repair it',
  };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return groups;
}
