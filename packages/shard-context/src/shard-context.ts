import {
  refuseUnknownRole,
  ShardLockedError,
  ShardSwitchInTransactionError,
} from './context-errors.ts';
import type { Opener } from './activity.ts';
import { declaredShard } from './declared-shard.ts';
import { describePlace, samePlace, type Frame, type Place, type Role } from './frame.ts';
import { openScope, type Axes } from './scope.ts';
import { currentFrame } from './storage.ts';
import type { Topology } from './topology.ts';

/** Options of a scope beside its place. */
export interface EnterOptions {
  /** Refuses every change of place inside. Default: as outside. Adapters set it. */
  readonly lock?: boolean;
  /** Where reads go. Default: as outside. */
  readonly role?: Role;
  /** Refuses writes. Default: as outside; false does not loosen. */
  readonly readOnly?: boolean;
  /** Declares that the work inside is not part of the transaction that is open outside. */
  readonly independentOfTransaction?: boolean;
  /**
   * Late use reports this name instead of the stack at which the scope was opened. For adapters: the
   * stack costs 3 to 5 µs, and in an adapter's loop it tells nothing.
   */
  readonly openedBy?: string;
}

/** A tenant's place as the directory answers it; a whole `Placement` fits. */
export interface TenantPlace {
  readonly tenant: string;
  readonly shard: string;
  readonly epoch: number;
}

/**
 * The way into a shard context, bound to one topology. A refused entry leaves the context exactly
 * as it was, and no code of `fn` runs.
 */
export class ShardContext {
  readonly topology: Topology;

  constructor(topology: Topology) {
    this.topology = topology;
  }

  /**
   * Runs `fn` on a shard, for no tenant in particular. For operators' tools and work on reference
   * data; tenants' requests and jobs enter through the router.
   * @throws UnknownShardError, ShardLockedError, ShardSwitchInTransactionError
   */
  onShard<T>(shard: string, fn: () => T, options: EnterOptions = {}): T {
    const { name, fleet } = this.topology.shard(shard);
    const place = Object.freeze({ fleet, shard: name, tenant: undefined, epoch: undefined });
    return enter(place, fn, options, options.openedBy ?? this.onShard);
  }

  /**
   * Runs `fn` for a tenant on the shard where its placement puts it. The epoch is what the shard's
   * fence compares, so it must come from the directory.
   * @throws TenantNameRefusedError, ShardNotDeclaredError, ShardLockedError,
   *   ShardSwitchInTransactionError
   */
  onPlacement<T>(placement: TenantPlace, fn: () => T, options: EnterOptions = {}): T {
    const { tenant, epoch } = placement;
    this.topology.tenantNames.check('enter a tenant', tenant);
    const { name, fleet } = declaredShard(this.topology, placement.shard, `enter tenant ${tenant}`);
    const place = Object.freeze({ fleet, shard: name, tenant, epoch });
    return enter(place, fn, options, options.openedBy ?? this.onPlacement);
  }
}

function enter<T>(place: Place, fn: () => T, options: EnterOptions, opener: Opener): T {
  if (options.role !== undefined) refuseUnknownRole(options.role);
  const outer = currentFrame();
  const axes = axesOf(place, options, outer);
  if (samePlace(outer?.place, place)) return reenter(outer as Frame, axes, fn, opener);
  if (outer !== undefined) refuseSwitch(outer, place, options);
  return openScope(outer, axes, fn, opener, options.independentOfTransaction);
}

/**
 * Re-entering the same place is free: the same frame goes on. A new frame is made where an axis is
 * tightened, and where the scope is over: code that enters the place again is no late use.
 */
function reenter<T>(outer: Frame, axes: Axes, fn: () => T, opener: Opener): T {
  const { role, readOnly, locked, activity } = outer;
  const same = axes.role === role && axes.readOnly === readOnly && axes.locked === locked;
  return same && !activity.closed
    ? fn()
    : openScope(outer, { ...axes, unfenced: outer.unfenced }, fn, opener);
}

function axesOf(place: Place, options: EnterOptions, outer: Frame | undefined): Axes {
  return {
    place,
    role: options.role ?? outer?.role ?? 'writer',
    readOnly: options.readOnly === true || (outer?.readOnly ?? false),
    locked: options.lock === true || (outer?.locked ?? false),
    unfenced: undefined, // given for one place only; another place needs its own
  };
}

function refuseSwitch(outer: Frame, place: Place, options: EnterOptions): void {
  const attempted = `enter ${describePlace(place)}`;
  if (outer.locked) throw new ShardLockedError(attempted, outer.place);
  if (options.independentOfTransaction === true) return;
  if (outer.activity.inTransaction) throw new ShardSwitchInTransactionError(attempted, outer.place);
}
