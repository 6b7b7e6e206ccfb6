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
 * First assignment: the directory decides, then the shard is told. Killed in between, the tenant
 * has a placement and no row on its shard, which then refuses its writes; the next `assign` of the
 * same tenant, or the refresh after that refusal, tells the shard.
 */
export class Assignment {
  readonly #calls: StoreCalls;
  readonly #topology: Topology;
  readonly #shardTenants: ShardTenants | undefined;
  readonly #healing = new Map<string, Promise<boolean>>();

  constructor(calls: StoreCalls, topology: Topology, shardTenants: ShardTenants | undefined) {
    this.#calls = calls;
    this.#topology = topology;
    this.#shardTenants = shardTenants;
  }

  /** The stored placement: the first writer's, whoever asks. @throws TenantNameRefusedError */
  async assign(tenant: string, wish: AssignmentWish): Promise<Placement> {
    this.#topology.tenantNames.check('assign a tenant', tenant);
    const stored = (await this.#calls.placement(tenant)) ?? (await this.#store(tenant, wish));
    await this.heal(stored);
    return stored;
  }

  /**
   * Tells the shard of a tenant that it has never heard of. Any other row is left alone: then the
   * tenant is being switched, and the switch knows better. True where the shard's row now agrees.
   */
  heal(stored: Placement): Promise<boolean> {
    const { tenant } = stored;
    const healing = this.#healing.get(tenant) ?? this.#heal(stored);
    this.#healing.set(tenant, healing); // many may wait for one tenant: the shard is asked once
    return healing.finally(() => this.#healing.delete(tenant));
  }

  async #heal({ shard, tenant, epoch, state }: Placement): Promise<boolean> {
    const tenants = this.#shardTenants;
    if (tenants === undefined || state !== 'active') return false;
    const row = await outsideContext(
      async () => (await tenants.read(shard, tenant)) ?? tenants.admit(shard, tenant, epoch),
    );
    return row.state === 'active' && row.epoch === epoch;
  }

  async #store(tenant: string, wish: AssignmentWish): Promise<Placement> {
    const { name } = chooseShard(this.#topology, tenant, wish);
    const placement: Placement = {
      tenant,
      shard: name,
      epoch: FIRST_EPOCH,
      state: 'active',
      homeRegion: wish.homeRegion ?? wish.region,
      allowedRegions: wish.allowedRegions,
    };
    return this.#calls.call(`assign tenant ${printName(tenant)}`, (store) =>
      store.insertPlacement(placement),
    );
  }
}
