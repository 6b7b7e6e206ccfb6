import {
  outsideContext,
  type Placement,
  type ShardTenants,
  type Topology,
} from '@switchyard/shard-context';
import { printName } from '@switchyard/shard-context/internal';
import { AssignmentImpossibleError } from '../contract/errors.ts';
import { ownerAmong } from './owner-among.ts';
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
    const placement =
      (await this.#placementByShards(tenant, wish)) ?? this.#firstPlacement(tenant, wish);
    return this.#calls.call(`assign tenant ${printName(tenant)}`, (store) =>
      store.insertPlacement(placement),
    );
  }

  /**
   * A tenant that the directory does not know may be one that it has lost: the shards are asked
   * first, all of them, or a second owner would be made.
   */
  async #placementByShards(tenant: string, wish: AssignmentWish): Promise<Placement | undefined> {
    const tenants = this.#shardTenants;
    if (tenants === undefined) return undefined;
    const ownership = ownerAmong(await outsideContext(() => tenants.find(tenant)));
    if (ownership.owner === undefined) {
      if (ownership.conflict === undefined) return undefined;
      throw new AssignmentImpossibleError(tenant, ownership.conflict);
    }
    const { shard, row } = ownership.owner;
    const state = row.state === 'active' ? 'active' : 'frozen';
    return { tenant, shard, epoch: row.epoch, state, ...regionsOf(wish) };
  }

  #firstPlacement(tenant: string, wish: AssignmentWish): Placement {
    const { name: shard } = chooseShard(this.#topology, tenant, wish);
    return { tenant, shard, epoch: FIRST_EPOCH, state: 'assigning', ...regionsOf(wish) };
  }
}

function regionsOf(wish: AssignmentWish) {
  return { homeRegion: wish.homeRegion ?? wish.region, allowedRegions: wish.allowedRegions };
}
