import { channel, type Channel } from 'node:diagnostics_channel';

/** The thing that was located: a routing key of a kind, or a tenant by name. No key is ever published. */
export interface Located {
  /** The kind of the routing key; undefined where a tenant was located by name. */
  readonly kind: string | undefined;
}

/** A stale entry was served. */
export interface ServedStale extends Located {
  /** `refreshing`: past its soft age. `unavailable`: the store could not be asked. */
  readonly why: 'refreshing' | 'unavailable';
}

/** One read of the store. */
export interface StoreRead {
  readonly store: string;
  readonly of: 'keys' | 'placements';
  readonly from: 'primary' | 'nearest';
  /** How many keys or tenants the read asked for. */
  readonly batch: number;
  readonly ms: number;
  readonly failed: boolean;
}

/** The store went away or came back. */
export interface HealthChange {
  readonly store: string;
  readonly available: boolean;
  readonly cause?: unknown;
}

/** A placement that this process had cached was seen to have changed. */
export interface PlacementSeen {
  readonly tenant: string;
  readonly shard: string;
  readonly epoch: number;
}

/** The diagnostics channels of the directory. Nothing is computed while no one listens. */
export const directoryChannels = {
  hit: channel('switchyard:directory:hit') as Channel<unknown, Located>,
  miss: channel('switchyard:directory:miss') as Channel<unknown, Located>,
  stale: channel('switchyard:directory:stale') as Channel<unknown, ServedStale>,
  negative: channel('switchyard:directory:negative') as Channel<unknown, Located>,
  read: channel('switchyard:directory:read') as Channel<unknown, StoreRead>,
  health: channel('switchyard:directory:health') as Channel<unknown, HealthChange>,
  moved: channel('switchyard:directory:moved') as Channel<unknown, PlacementSeen>,
} as const;
