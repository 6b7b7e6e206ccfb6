import { createHash } from 'node:crypto';
import type { Shard, Topology } from '@switchyard/shard-context';
import { AssignmentImpossibleError } from '../contract/errors.ts';

/** What a first assignment asks for. */
export interface AssignmentWish {
  /** This shard and no other. Default: chosen by region, weight and draining. */
  readonly shard?: string;
  /** The region of the shard. Default: `homeRegion`, or any that is allowed. */
  readonly region?: string;
  /** The region that the tenant belongs to; stored. Default: `region`. */
  readonly homeRegion?: string;
  /** The regions in which the tenant's rows may ever lie; stored. Default: any. */
  readonly allowedRegions?: readonly string[];
}

/**
 * The shard for a new tenant: in the region asked for, allowed, not draining, in proportion to the
 * weights. The same tenant gets the same answer in every process with the same topology (weighted
 * rendezvous hashing), so that a race of two first assignments usually agrees by itself.
 * @throws AssignmentImpossibleError, UnknownShardError
 */
export function chooseShard(topology: Topology, tenant: string, wish: AssignmentWish): Shard {
  checkRegions(topology, tenant, wish);
  if (wish.shard !== undefined) return namedShard(topology.shard(wish.shard), tenant, wish);
  const region = wish.region ?? wish.homeRegion;
  const candidates = topology.shards.filter(
    (shard) =>
      !shard.draining &&
      shard.weight > 0 &&
      (region === undefined || shard.server.region === region) &&
      isAllowed(shard, wish),
  );
  const best = maxBy(candidates, (shard) => score(tenant, shard));
  if (best !== undefined) return best;
  const where = region === undefined ? 'any allowed region' : `region ${region}`;
  throw new AssignmentImpossibleError(tenant, `no shard in ${where} takes new tenants`);
}

/** True where the tenant's rows may lie on the shard. */
export function isAllowed(
  shard: Shard,
  { allowedRegions }: { allowedRegions?: readonly string[] | undefined },
): boolean {
  return allowedRegions === undefined || allowedRegions.includes(shard.server.region);
}

function namedShard(shard: Shard, tenant: string, wish: AssignmentWish): Shard {
  const refuse = (reason: string) => {
    throw new AssignmentImpossibleError(tenant, `shard ${shard.name} ${reason}`);
  };
  if (shard.draining) refuse('is draining');
  if (!isAllowed(shard, wish)) refuse(`is in region ${shard.server.region}, which is not allowed`);
  if (wish.region !== undefined && wish.region !== shard.server.region) {
    refuse(`is in region ${shard.server.region}, not ${wish.region}`);
  }
  return shard;
}

function checkRegions(topology: Topology, tenant: string, wish: AssignmentWish): void {
  const named = [wish.region, wish.homeRegion, ...(wish.allowedRegions ?? [])];
  for (const region of named) {
    if (region === undefined || topology.regions.includes(region)) continue;
    throw new AssignmentImpossibleError(
      tenant,
      `${JSON.stringify(region)} is not a region of the topology (${topology.regions.join(', ')})`,
    );
  }
}

/** Weighted rendezvous: of independent draws u^(1/weight), the greatest wins with its weight's share. */
function score(tenant: string, shard: Shard): number {
  const hash = createHash('sha256').update(`${tenant.length}:${tenant}:${shard.name}`).digest();
  const uniform = (hash.readUIntBE(0, 6) + 0.5) / 2 ** 48;
  return Math.log(uniform) / shard.weight;
}

function maxBy<T>(items: readonly T[], valueOf: (item: T) => number): T | undefined {
  let best: T | undefined;
  let most = -Infinity;
  for (const item of items) {
    const value = valueOf(item);
    if (value > most) [best, most] = [item, value];
  }
  return best;
}
