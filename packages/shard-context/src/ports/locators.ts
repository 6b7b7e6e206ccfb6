/**
 * A name by which clients know a tenant: an API key, a session, an object token. The value may be a
 * secret: it is never logged, stored or put in a message.
 */
export interface RoutingKey {
  /** Which kind of key: `api-key`, `session`, `object-token`. */
  readonly kind: string;
  readonly value: string;
}

/**
 * `assigning`: the shard is chosen, but it may not have recorded the tenant yet; only such a placement
 * is completed automatically. `active`: the shard takes the tenant's writes. `moving`: it still does,
 * and a copy is being made elsewhere (no code sets this state yet: it is for a coming mover).
 * `frozen`: no shard takes the tenant's writes for a moment; retry after a wait.
 */
export type PlacementState = 'assigning' | 'active' | 'moving' | 'frozen';

/** Where a tenant lives: the directory's answer. */
export interface Placement {
  readonly tenant: string;
  readonly shard: string;
  /** Grows with each change of the placement and is never reused. From 1. */
  readonly epoch: number;
  readonly state: PlacementState;
  /** The region that the tenant belongs to, where it has one. */
  readonly homeRegion?: string | undefined;
  /** Regions in which the tenant's rows may lie; undefined for any. */
  readonly allowedRegions?: readonly string[] | undefined;
}

/** How fresh an answer of the directory must be. */
export interface LocateOptions {
  /** Lowest epoch that is acceptable: one more than the epoch that a shard refused. */
  readonly minEpoch?: number;
  /** Gives up waiting when aborted; the shared look-up goes on for its other waiters. */
  readonly signal?: AbortSignal;
}

/** Key or tenant → place. Implemented by the directory; used by HTTP and job adapters. */
export interface Locator {
  /** @throws KeyUnknownError, DirectoryUnavailableError */
  locateKey(key: RoutingKey, options?: LocateOptions): Promise<Placement>;
  /** @throws TenantUnknownError, DirectoryUnavailableError */
  locateTenant(tenant: string, options?: LocateOptions): Promise<Placement>;
  /**
   * The answer of `locateTenant` from the cache, without a promise: for callers to which a promise
   * costs too much. Undefined where the cache has no answer.
   */
  cachedTenant?(tenant: string, options?: LocateOptions): Placement | undefined;
}

/** A record's identity as it travels: model, id, and where it was last seen. */
export interface RecordReference {
  /** Name of the entity. */
  readonly model: string;
  /** The primary key as text; several parts for a composite key. */
  readonly id: readonly string[];
  /** Shard on which the record was last seen. */
  readonly shard: string;
  readonly tenant?: string | undefined;
  readonly epoch?: number | undefined;
}

/**
 * The outcome of a search for a record. `gone`: the record does not exist any more. `unavailable`: its
 * shard did not answer; retry. With `answered` the shard did answer, and will answer the same until
 * its schema or the rights of its user change. `misrouted`: the reference contradicts the shards.
 */
export type LocatedRecord =
  | { readonly outcome: 'found'; readonly record: object }
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'unavailable'; readonly cause: unknown; readonly answered?: true }
  | { readonly outcome: 'misrouted'; readonly reason: string };

/** How records are looked for. */
export interface LocateRecordsOptions {
  /** Finds soft-deleted rows as well. Default false. */
  readonly withDeleted?: boolean;
  /** Whose rows are meant: those of any other tenant are *misrouted*. Default: as the lock says. */
  readonly tenant?: string;
}

/**
 * References → records; one outcome per reference, in their order, one query per model and shard.
 * Implemented by `models`.
 */
export interface RecordLocator {
  locateMany(
    references: readonly RecordReference[],
    options?: LocateRecordsOptions,
  ): Promise<LocatedRecord[]>;
  /** The reference of a loaded or saved record; refuses objects that no data source knows. */
  referenceOf(record: object): RecordReference;
  /** True for objects that `referenceOf` accepts. */
  isRecord(value: unknown): value is object;
}
