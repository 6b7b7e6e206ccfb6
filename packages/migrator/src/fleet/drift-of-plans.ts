import type { PlanRefusal } from '../plan/plan.ts';
import type { Forecast } from '../rollout/shard-forecast.ts';

/**
 * Refuses the shards whose schema is not that of most of their siblings at the same point of the
 * ledger and of the same server version: a migration that went well on the canary says nothing
 * about them. Where no schema has a majority, nobody can say who drifted, and nothing is refused.
 */
export function driftOf(forecasts: readonly Forecast[], allow: readonly string[]): Forecast[] {
  const odd = new Set([...groupBy(forecasts, peersOf).values()].flatMap(oddOnesOf));
  return forecasts.map((forecast) => {
    const flag = `drift:${forecast.shard.name}`;
    if (!odd.has(forecast) || allow.includes(flag)) return forecast;
    return { ...forecast, refusals: [...forecast.refusals, refusalOf(forecast, flag)] };
  });
}

/** Shards that ought to look the same. Those without a plan are left out. */
function peersOf({ plans }: Forecast): string | undefined {
  const first = plans[0];
  return first && `${first.serverVersion} before ${first.migration}`;
}

function oddOnesOf(peers: readonly Forecast[]): readonly Forecast[] {
  const schemas = [...groupBy(peers, ({ plans }) => plans[0]?.fingerprint).values()];
  const majority = schemas.find((schema) => schema.length * 2 > peers.length);
  return majority === undefined ? [] : peers.filter((peer) => !majority.includes(peer));
}

function refusalOf({ shard, plans }: Forecast, flag: string): PlanRefusal {
  return {
    rule: 'DRIFT',
    table: undefined,
    clause: plans[0]?.migration ?? '',
    reason: `the schema of ${shard.name} is not that of its siblings`,
    remedy: 'Compare it with a sibling and mend it, then use `switchyard resume`',
    flag,
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
