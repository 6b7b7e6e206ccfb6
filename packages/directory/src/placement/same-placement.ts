import type { Placement } from '@switchyard/shard-context';

/** True where two placements of a tenant say the same. */
export function samePlacement(a: Placement, b: Placement): boolean {
  const regions = (placement: Placement) => placement.allowedRegions?.join() ?? '';
  return (
    a.tenant === b.tenant &&
    a.shard === b.shard &&
    a.epoch === b.epoch &&
    a.state === b.state &&
    a.homeRegion === b.homeRegion &&
    regions(a) === regions(b)
  );
}
