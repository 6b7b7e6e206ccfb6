import { ShardNotDeclaredError } from './routing-errors.ts';
import type { Topology } from './topology.ts';
import type { Shard } from './topology-definition.ts';

/**
 * The shard that the directory, a job or a record names. Another release may have named it, whose
 * topology has shards that this process has never heard of: that is no mistake, and passes.
 * @throws ShardNotDeclaredError
 */
export function declaredShard(topology: Topology, shard: string, attempted: string): Shard {
  if (!topology.has(shard)) throw new ShardNotDeclaredError(attempted, shard);
  return topology.shard(shard);
}
