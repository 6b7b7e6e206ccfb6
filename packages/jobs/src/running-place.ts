import type { ShardContext, TenantPlace } from '@switchyard/shard-context';

/** Where a job runs now: today's placement of its tenant, or a shard. */
export type RunningPlace = TenantPlace | { readonly shard: string; readonly tenant?: undefined };

/** Runs `fn` at the place of a job; without a place, where the caller runs. */
export function onRunningPlace<T>(
  context: ShardContext,
  place: RunningPlace | undefined,
  fn: () => T,
  { lock = false, openedBy = 'the restorer of a job' } = {},
): T {
  if (place === undefined) return fn();
  if (place.tenant === undefined) return context.onShard(place.shard, fn, { lock, openedBy });
  return context.onPlacement(place, fn, { lock, openedBy });
}
