import type { Activity } from './activity.ts';
import { printName } from './errors.ts';

/** Why a connection is needed: the writer takes all statements, a reader takes reads only. */
export type Role = 'writer' | 'reader';

/**
 * Where code runs. Shard, tenant and epoch belong together: entering a shard clears the tenant,
 * entering a tenant sets all three.
 */
export interface Place {
  /** The fleet whose topology names the shard. */
  readonly fleet: string;
  /** Name of the shard. */
  readonly shard: string;
  /** The tenant on whose behalf the code runs; undefined in a context that names a shard only. */
  readonly tenant: string | undefined;
  /** Epoch of the placement by which the tenant was routed here; undefined without a tenant. */
  readonly epoch: number | undefined;
}

/**
 * One frozen frame of the shard context. An inner frame inherits each axis that it does not set. All
 * that changes while the scope runs is in the activity record that the frame points to.
 */
export interface Frame {
  /** Where the code runs; undefined when only other axes were set. */
  readonly place: Place | undefined;
  /** Which role reads prefer. Default: writer. */
  readonly role: Role;
  /** True where writes are refused. An inner scope can set it; only `writable` clears it again. */
  readonly readOnly: boolean;
  /** True where the place may not change inside. */
  readonly locked: boolean;
  /** The reason given to `unfenced`, where writes without a tenant are allowed. */
  readonly unfenced: string | undefined;
  /** The activity of this scope so far. */
  readonly activity: Activity;
}

/** True when both name the same fleet, shard, tenant and epoch. */
export function samePlace(a: Place | undefined, b: Place | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return a.shard === b.shard && a.tenant === b.tenant && a.epoch === b.epoch && a.fleet === b.fleet;
}

/** A place as messages name it: `us1`, or `us1 (tenant t_1, epoch 3)`. */
export function describePlace(place: Place | undefined): string {
  if (place === undefined) return 'no shard';
  if (place.tenant === undefined) return place.shard;
  return `${place.shard} (tenant ${printName(place.tenant)}, epoch ${place.epoch})`;
}
