/**
 * The state of a tenant in the shard's own records. `incoming`: its rows are being copied here.
 * `active`: it takes writes. `frozen`: it takes no writes, until a deadline at the latest. `sealed`:
 * frozen without a deadline, because its mover is about to switch the directory. `moved`: it was
 * here. `removed`: it was incoming, and its move was given up.
 */
export type ShardTenantState = 'incoming' | 'active' | 'frozen' | 'sealed' | 'moved' | 'removed';

/** The row of `shard_tenant`: the truth for writes. */
export interface ShardTenant {
  readonly tenant: string;
  readonly state: ShardTenantState;
  readonly epoch: number;
  /** Name of the shard the tenant moved to, when `moved`. */
  readonly movedTo: string | undefined;
  /** Name of the shard to which a mover takes the tenant, when `frozen` or `sealed`. */
  readonly movingTo: string | undefined;
  /** Token of the mover that holds the row, or that moved the tenant away. */
  readonly mover: string | undefined;
  /** True for a frozen row past its deadline, by the shard's clock: it cannot be sealed any more. */
  readonly freezeIsOver: boolean;
  /** True where the mover's lease is over, by the shard's clock: another may take its place. */
  readonly leaseIsOver: boolean;
  /**
   * The shard's number of the row's last change. Numbers of one shard grow in the order of commits,
   * so that a reader finds the changes since its snapshot without comparing clocks.
   */
  readonly changeNumber: number;
}

/** A tenant's row and the shard that has it. */
export interface FoundShardTenant {
  readonly shard: string;
  readonly row: ShardTenant;
}

/** A compare-and-set of a tenant's row on its shard. */
export interface ShardTenantChange {
  readonly shard: string;
  readonly tenant: string;
  /** The epoch that the row must have; anything else is refused and changes nothing. */
  readonly fromEpoch: number;
  /** The epoch that the row gets; greater than `fromEpoch`. */
  readonly toEpoch: number;
}

/** A mover's token, and the time for which it holds its lease. */
export interface MoverLease {
  /** Its token: 1 to 64 printable ASCII characters, made once per move and kept over restarts. */
  readonly mover: string;
  /** After this time without a renewal, another mover may end its move. Default 30,000 ms. */
  readonly leaseMs?: number | undefined;
}

/** The announcement to a shard that a tenant is about to be copied to it. */
export interface Arrival extends MoverLease {
  readonly shard: string;
  readonly tenant: string;
  readonly epoch: number;
}

/** The parts of a freeze. */
export interface Freeze extends ShardTenantChange, MoverLease {
  /** Name of the shard to which the mover takes the tenant. */
  readonly movingTo: string;
  /** How long the freeze holds, by the shard's clock, unless it is sealed. Default 30,000 ms. */
  readonly holdMs?: number | undefined;
}

/** The shard and the mover of a seal; the epoch stays that of the freeze. */
export interface Seal extends MoverLease {
  readonly shard: string;
  readonly tenant: string;
  readonly epoch: number;
}

/** Which rows of a shard are listed. */
export interface ListShardTenants {
  /** Those behind this name, in the order of the names' bytes. */
  readonly after?: string | undefined;
  /** Most rows of the answer. Default 1,000. */
  readonly limit?: number | undefined;
  /** Default: all. */
  readonly states?: readonly ShardTenantState[] | undefined;
}

/**
 * The steps that the directory and movers take with a tenant on its shard. Implemented by `models`;
 * given to the directory as an argument. Every step is a compare-and-set and idempotent: repeated
 * with the same arguments after a kill, it answers as if it had just been done.
 */
export interface ShardTenants {
  /** The shard's record of the tenant; undefined where there is none. */
  read(shard: string, tenant: string): Promise<ShardTenant | undefined>;
  /** The shard's records, in the order of the tenants' bytes. */
  list(shard: string, options?: ListShardTenants): Promise<ShardTenant[]>;
  /** The tenant's records on all shards of the topology; rejects where one does not answer. */
  find(tenant: string): Promise<FoundShardTenant[]>;
  /** Makes the tenant active at `epoch` where the shard has no record, or an equal one. */
  admit(shard: string, tenant: string, epoch: number): Promise<ShardTenant>;
  /**
   * Announces a tenant that is about to be copied to the shard. Repeated, it renews the lease. Another
   * mover's announcement is replaced after its lease has ended, and only with a higher epoch.
   */
  expect(arrival: Arrival): Promise<ShardTenant>;
  /** active → frozen. Returns when no transaction of the tenant is open any more. */
  freeze(freeze: Freeze, options?: { deadlineMs?: number }): Promise<ShardTenant>;
  /** frozen → sealed, by the mover that froze, before the deadline. Repeated, it renews the lease. */
  seal(seal: Seal): Promise<ShardTenant>;
  /** frozen or sealed → active on the same shard, after the directory has recorded it. */
  thaw(change: ShardTenantChange): Promise<ShardTenant>;
  /** incoming → active on the new shard, after the directory has switched. */
  activate(change: ShardTenantChange): Promise<ShardTenant>;
  /** sealed → moved on the old shard. */
  retire(change: ShardTenantChange & { readonly movedTo: string }): Promise<ShardTenant>;
  /** incoming → removed: the tenant does not come, and nothing can make it active at this epoch. */
  remove(change: ShardTenantChange): Promise<ShardTenant>;
}
