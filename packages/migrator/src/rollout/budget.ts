import type { Shard } from '@switchyard/shard-context';
import { Limiter } from '@switchyard/shard-context/internal';
import type { FullPolicy } from './rollout-policy.ts';

const TOTAL = 'total';

/** Runs work on shards within the budgets per server, per region and in total. */
export class Budget {
  readonly #limiter: Limiter;

  constructor({
    perServer,
    perRegion,
    total,
  }: Pick<FullPolicy, 'perServer' | 'perRegion' | 'total'>) {
    this.#limiter = new Limiter((gate) => {
      if (gate === TOTAL) return total;
      return gate.startsWith('server ') ? perServer : perRegion;
    });
  }

  /** Runs `work` when server, region and total have room for it. */
  run<T>(shard: Shard, work: () => Promise<T>): Promise<T> {
    const { name, region } = shard.server;
    return this.#limiter.run([TOTAL, `server ${name}`, `region ${region}`], work);
  }
}
