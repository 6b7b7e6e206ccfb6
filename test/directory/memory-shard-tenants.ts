import type {
  Arrival,
  FoundShardTenant,
  Freeze,
  ListShardTenants,
  Seal,
  ShardTenant,
  ShardTenantChange,
  ShardTenants,
} from '@switchyard/shard-context';

/** A shard refused a change because its row is another than the caller thinks. */
export class RowChanged extends TypeError {}

/** A row as it is kept: its ends are times of the memory's own clock. */
type KeptRow = Omit<ShardTenant, 'freezeIsOver' | 'leaseIsOver' | 'changeNumber'> & {
  readonly freezeEnds?: number;
  readonly leaseEnds?: number;
};

const DEFAULT_MS = 30_000;

/**
 * The port `ShardTenants` kept in memory, to the letter of its words: for the orders in which things
 * may happen. What real shards do is tested with those of `@switchyard/models`.
 */
export class MemoryShardTenants implements ShardTenants {
  readonly kept = new Map<string, KeptRow>();
  /** The shards' clock, in ms; a test moves it on. */
  now = 0;

  /** The rows as they are read now, by shard and tenant: `us1/t`. */
  get rows(): ReadonlyMap<string, ShardTenant> {
    return new Map([...this.kept].map(([at, row]) => [at, this.#seen(row)]));
  }

  /** Shards on which the tenant may write now. */
  activeShards(tenant: string): string[] {
    return [...this.kept]
      .filter(([, row]) => row.tenant === tenant && row.state === 'active')
      .map(([at]) => at.split('/')[0]!);
  }

  async read(shard: string, tenant: string): Promise<ShardTenant | undefined> {
    await tick();
    const row = this.kept.get(`${shard}/${tenant}`);
    return row && this.#seen(row);
  }

  async list(shard: string, { states }: ListShardTenants = {}): Promise<ShardTenant[]> {
    await tick();
    return [...this.rows]
      .filter(([at]) => at.startsWith(`${shard}/`))
      .map(([, row]) => row)
      .filter(({ state }) => states?.includes(state) ?? true);
  }

  async find(tenant: string): Promise<FoundShardTenant[]> {
    await tick();
    return [...this.rows]
      .filter(([, row]) => row.tenant === tenant)
      .map(([at, row]) => ({ shard: at.split('/')[0]!, row }));
  }

  async admit(shard: string, tenant: string, epoch: number): Promise<ShardTenant> {
    await tick();
    const row = this.kept.get(`${shard}/${tenant}`);
    if (row !== undefined && (row.state !== 'active' || row.epoch !== epoch))
      throw new RowChanged();
    return this.#put(shard, { ...NOTHING, tenant, state: 'active', epoch });
  }

  async expect({ shard, tenant, epoch, mover, leaseMs }: Arrival): Promise<ShardTenant> {
    await tick();
    const row = this.kept.get(`${shard}/${tenant}`);
    const leaseEnds = this.now + (leaseMs ?? DEFAULT_MS);
    const arrival = { ...NOTHING, tenant, state: 'incoming', epoch, mover, leaseEnds } as const;
    if (row === undefined) return this.#put(shard, arrival);
    const isAway = row.state === 'moved' || row.state === 'removed';
    const isOurs = row.state === 'incoming' && row.mover === mover && row.epoch <= epoch;
    const isOver = row.state === 'incoming' && this.#seen(row).leaseIsOver && row.epoch < epoch;
    if ((isAway && row.epoch < epoch) || isOurs || isOver) return this.#put(shard, arrival);
    throw new RowChanged();
  }

  async freeze(freeze: Freeze): Promise<ShardTenant> {
    await tick();
    const { shard, tenant, fromEpoch, toEpoch: epoch, mover, movingTo } = freeze;
    const row = this.kept.get(`${shard}/${tenant}`);
    const isDone = row?.state === 'frozen' && row.epoch === epoch && row.mover === mover;
    if (isDone) return this.#seen(row);
    if (row?.state !== 'active' || row.epoch !== fromEpoch) throw new RowChanged();
    const freezeEnds = this.now + (freeze.holdMs ?? DEFAULT_MS);
    const leaseEnds = this.now + (freeze.leaseMs ?? DEFAULT_MS);
    const frozen = { ...NOTHING, tenant, epoch, mover, movingTo, freezeEnds, leaseEnds };
    return this.#put(shard, { ...frozen, state: 'frozen' });
  }

  async seal({ shard, tenant, epoch, mover, leaseMs }: Seal): Promise<ShardTenant> {
    await tick();
    const row = this.kept.get(`${shard}/${tenant}`);
    if (row?.epoch !== epoch || row.mover !== mover) throw new RowChanged();
    const holds = row.state === 'frozen' && !this.#seen(row).freezeIsOver;
    if (row.state !== 'sealed' && !holds) throw new RowChanged();
    const { freezeEnds: _ended, ...rest } = row;
    const leaseEnds = this.now + (leaseMs ?? DEFAULT_MS);
    return this.#put(shard, { ...rest, state: 'sealed', leaseEnds });
  }

  thaw(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#change(change, ['frozen', 'sealed'], 'active');
  }

  activate(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#change(change, ['incoming'], 'active');
  }

  retire(change: ShardTenantChange & { readonly movedTo: string }): Promise<ShardTenant> {
    return this.#change(change, ['sealed'], 'moved', change.movedTo);
  }

  remove(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#change(change, ['incoming'], 'removed');
  }

  async #change(
    { shard, tenant, fromEpoch, toEpoch }: ShardTenantChange,
    from: readonly ShardTenant['state'][],
    to: ShardTenant['state'],
    movedTo?: string,
  ): Promise<ShardTenant> {
    await tick();
    const row = this.kept.get(`${shard}/${tenant}`);
    const done = row?.state === to && row.epoch === toEpoch && row.movedTo === movedTo;
    if (done) return this.#seen(row);
    if (row === undefined || !from.includes(row.state) || row.epoch !== fromEpoch) {
      throw new RowChanged();
    }
    return this.#put(shard, { ...NOTHING, tenant, state: to, epoch: toEpoch, movedTo });
  }

  #put(shard: string, row: KeptRow): ShardTenant {
    this.kept.set(`${shard}/${row.tenant}`, row);
    return this.#seen(row);
  }

  #seen({ freezeEnds, leaseEnds, ...row }: KeptRow): ShardTenant {
    return {
      ...row,
      freezeIsOver: row.state === 'frozen' && (freezeEnds ?? 0) <= this.now,
      leaseIsOver: (leaseEnds ?? 0) <= this.now,
      changeNumber: 0,
    };
  }
}

const NOTHING = { movedTo: undefined, movingTo: undefined, mover: undefined } as const;

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
