import pLimit, { type LimitFunction } from 'p-limit';
import type { Shard } from '@switchyard/shard-context';
import type { FullPolicy } from './rollout-policy.ts';

/**
 * Runs work on shards within the budgets per server, per region and in total. The narrowest gate
 * comes first, so that a shard that waits for its server takes no place in the total.
 */
export class Budget {
  readonly #policy: Pick<FullPolicy, 'perServer' | 'perRegion' | 'total'>;
  readonly #total: LimitFunction;
  readonly #gates = new Map<string, LimitFunction>();

  constructor(policy: Pick<FullPolicy, 'perServer' | 'perRegion' | 'total'>) {
    this.#policy = policy;
    this.#total = pLimit(policy.total);
  }

  /** Runs `work` when server, region and total have room for it. */
  run<T>(shard: Shard, work: () => Promise<T>): Promise<T> {
    const { perServer, perRegion } = this.#policy;
    const server = this.#gate(`server ${shard.server.name}`, perServer);
    const region = this.#gate(`region ${shard.server.region}`, perRegion);
    return server(() => region(() => this.#total(work)));
  }

  #gate(name: string, width: number): LimitFunction {
    const gate = this.#gates.get(name) ?? pLimit(width);
    this.#gates.set(name, gate);
    return gate;
  }
}
