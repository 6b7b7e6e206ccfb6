import type { Placement } from '@switchyard/shard-context';

/** Where a read may be answered. */
export interface StoreReadOptions {
  /** `nearest` may be a little behind; `primary` has every acknowledged write. */
  readonly from: 'primary' | 'nearest';
  /** Ends the read: its connection is given up, so that a slow store holds no more of them. */
  readonly signal?: AbortSignal | undefined;
}

/** A routing key as it is stored: the key itself never is. */
export interface StoredKey {
  /** Keyed hash of kind and value, 32 hexadecimal digits. Unique. */
  readonly digest: string;
  /** Which secret made the digest. */
  readonly hashId: string;
  readonly kind: string;
  readonly tenant: string;
  /** A revoked key stays, so that it is never given to another tenant. */
  readonly revoked: boolean;
}

/** The answer for one digest: the key, and its tenant's placement where there is one. */
export interface FoundKey extends StoredKey {
  readonly placement: Placement | undefined;
}

/** What changed since an earlier question, and the mark for the next one. */
export interface ChangedPlacements {
  readonly placements: readonly Placement[];
  /** Give it to the next call; the clock of the store, not ours. */
  readonly until: number;
}

/**
 * What keeps keys and placements: the contract of every store. One suite,
 * `test/directory/conformance.ts`, says what its words mean. Operations are atomic for one key or
 * one placement and rest on nothing larger. A store throws its driver's errors as they are; the
 * directory makes them `DirectoryUnavailableError`.
 */
export interface DirectoryStore {
  /** The store's name in messages and channels: `mysql`. */
  readonly name: string;
  /** True where `nearest` can miss what `primary` has: an unknown key is then asked for again. */
  readonly nearestMayLag: boolean;
  /** Creates tables and indexes. Idempotent; changes no rows. */
  prepare(): Promise<void>;
  /** One read for all digests; the answer holds those that exist, in any order. */
  findKeys(digests: readonly string[], read: StoreReadOptions): Promise<FoundKey[]>;
  /** One read for all tenants; the answer holds those that exist, in any order. */
  findPlacements(tenants: readonly string[], read: StoreReadOptions): Promise<Placement[]>;
  /** Stores the key where its digest is free; returns the stored one. */
  insertKey(key: StoredKey): Promise<StoredKey>;
  /** Marks the key as revoked for good; false where there is no such key. */
  revokeKey(digest: string): Promise<boolean>;
  /** Takes back a key that lost a race for the same name, before anyone was told of it. */
  removeKey(digest: string): Promise<void>;
  /** Stores the placement where the tenant has none; returns the stored one. */
  insertPlacement(placement: Placement): Promise<Placement>;
  /**
   * Compare-and-set: stores `to` where the stored epoch is `fromEpoch`. Returns the stored one
   * then, also when nothing was changed; undefined where there is no placement.
   */
  replacePlacement(fromEpoch: number, to: Placement): Promise<Placement | undefined>;
  /** Keys in the order of their digests, those after `after`. */
  keyPage(after: string | undefined, limit: number): Promise<StoredKey[]>;
  /** Placements in the order of the bytes of their tenants, those after `after`. */
  placementPage(after: string | undefined, limit: number): Promise<Placement[]>;
  /**
   * Placements replaced since `since`; without it, none and the mark to begin with. May repeat
   * some, never leaves one out.
   */
  changedPlacements(since: number | undefined, signal?: AbortSignal): Promise<ChangedPlacements>;
  /**
   * Hears of placements as they change, where the server can tell: faster than asking. Answers the
   * way to stop it, or undefined where the server has said that it cannot. `onEnded` is called when
   * it ends by itself; what changes then is found by asking.
   */
  watchPlacements?(
    onChanged: (placement: Placement) => void,
    onEnded: () => void,
  ): Promise<(() => Promise<void>) | undefined>;
  /** Gives back connections. A store that was given its client leaves it open. */
  close(): Promise<void>;
}
