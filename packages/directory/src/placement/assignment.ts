import {
  outsideContext,
  type Placement,
  type ShardTenants,
  type Topology,
} from '@switchyard/shard-context';
import { printName } from '@switchyard/shard-context/internal';
import { chooseShard, type AssignmentWish } from './placement-policy.ts';
import type { StoreCalls } from '../cache/store-calls.ts';

const FIRST_EPOCH = 1;

/**
 * First assignment: the directory decides (`assigning`), the shard is told, the directory notes that
 * it was (`active`). Killed in between, the next `assign` of the same tenant, or the look after a
 * shard's refusal, completes it. Only what says `assigning` is completed so: a shard that has lost a
 * tenant which it once had would otherwise be told to take its writes without its rows.
 */
export class Assignment {
  readonly #calls: StoreCalls;
  readonly #topology: Topology;
  readonly #shardTenants: ShardTenants | undefined;

  constructor(calls: StoreCalls, topology: Topology, shardTenants: ShardTenants | undefined) {
    this.#calls = calls;
    this.#topology = topology;
    this.#shardTenants = shardTenants;
  }

  /**
   * The stored placement: the first writer's, whatever else was asked for.
   * @throws TenantNameRefusedError
   */
  async assign(tenant: string, wish: AssignmentWish): Promise<Placement> {
    this.#topology.tenantNames.check('assign a tenant', tenant);
    const stored = (await this.#calls.placement(tenant)) ?? (await this.#store(tenant, wish));
    return this.complete(stored);
  }

  /** Tells the shard of a tenant that was assigned to it, and notes that. Repeated: the same. */
  async complete(stored: Placement): Promise<Placement> {
    const tenants = this.#shardTenants;
    if (tenants === undefined || stored.state !== 'assigning') return stored;
    const { shard, tenant, epoch } = stored;
    await outsideContext(
      async () => (await tenants.read(shard, tenant)) ?? tenants.admit(shard, tenant, epoch),
    );
    const told: Placement = { ...stored, state: 'active' };
    const now = await this.#calls.call(`assign tenant ${tenant}`, (store) =>
      store.replacePlacement(epoch, told),
    );
    return now ?? told;
  }

  async #store(tenant: string, wish: AssignmentWish): Promise<Placement> {
    const { name } = chooseShard(this.#topology, tenant, wish);
    const placement: Placement = {
      tenant,
      shard: name,
      epoch: FIRST_EPOCH,
      state: 'assigning',
      homeRegion: wish.homeRegion ?? wish.region,
      allowedRegions: wish.allowedRegions,
    };
    return this.#calls.call(`assign tenant ${printName(tenant)}`, (store) =>
      store.insertPlacement(placement),
    );
  }
}
