import type { ShardTenant, ShardTenantChange, ShardTenants } from '@switchyard/shard-context';

/** A shard refused a change because its row is another than the caller thinks. */
export class RowChanged extends TypeError {}

/**
 * The port `ShardTenants` kept in memory, to the letter of its words: for the orders in which things
 * may happen. What real shards do is tested with those of `@switchyard/models`.
 */
export class MemoryShardTenants implements ShardTenants {
  readonly rows = new Map<string, ShardTenant>();

  /** Shards on which the tenant may write now. */
  activeShards(tenant: string): string[] {
    return [...this.rows]
      .filter(([, row]) => row.tenant === tenant && row.state === 'active')
      .map(([at]) => at.split('/')[0]!);
  }

  async read(shard: string, tenant: string): Promise<ShardTenant | undefined> {
    await tick();
    return this.rows.get(`${shard}/${tenant}`);
  }

  async admit(shard: string, tenant: string, epoch: number): Promise<ShardTenant> {
    await tick();
    const row = this.rows.get(`${shard}/${tenant}`);
    if (row !== undefined && (row.state !== 'active' || row.epoch !== epoch))
      throw new RowChanged();
    return this.#put(shard, { tenant, state: 'active', epoch, movedTo: undefined });
  }

  async expect(shard: string, tenant: string, epoch: number): Promise<ShardTenant> {
    await tick();
    const row = this.rows.get(`${shard}/${tenant}`);
    if (row?.state === 'active' || row?.state === 'frozen') throw new RowChanged();
    if (row !== undefined && row.epoch > epoch) throw new RowChanged();
    return this.#put(shard, { tenant, state: 'incoming', epoch, movedTo: undefined });
  }

  freeze(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#change(change, 'active', 'frozen');
  }

  thaw(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#change(change, 'frozen', 'active');
  }

  activate(change: ShardTenantChange): Promise<ShardTenant> {
    return this.#change(change, 'incoming', 'active');
  }

  retire(change: ShardTenantChange & { readonly movedTo: string }): Promise<ShardTenant> {
    return this.#change(change, 'frozen', 'moved', change.movedTo);
  }

  async #change(
    { shard, tenant, fromEpoch, toEpoch }: ShardTenantChange,
    from: ShardTenant['state'],
    to: ShardTenant['state'],
    movedTo?: string,
  ): Promise<ShardTenant> {
    await tick();
    const row = this.rows.get(`${shard}/${tenant}`);
    const done = row?.state === to && row.epoch === toEpoch && row.movedTo === movedTo;
    if (done) return row;
    if (row?.state !== from || row.epoch !== fromEpoch) throw new RowChanged();
    return this.#put(shard, { tenant, state: to, epoch: toEpoch, movedTo });
  }

  #put(shard: string, row: ShardTenant): ShardTenant {
    this.rows.set(`${shard}/${row.tenant}`, row);
    return row;
  }
}

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
