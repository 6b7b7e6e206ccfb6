import { ShardNotDeclaredError } from './routing-errors.ts';
import type { Topology } from './topology.ts';
import type { Shard } from './topology-definition.ts';

/**
 * The shard that the directory, a job or a record names. A newer release may have written the name,
 * and its topology may have shards that this process does not know yet. That is not a mistake of
 * the caller: the error is retryable, because a deployment ends this state.
 * @throws ShardNotDeclaredError
 */
export function declaredShard(topology: Topology, shard: string, attempted: string): Shard {
  if (!topology.has(shard)) throw new ShardNotDeclaredError(attempted, shard);
  return topology.shard(shard);
}
