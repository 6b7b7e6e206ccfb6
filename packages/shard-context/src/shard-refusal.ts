import { causesOf, isSwitchyardError, type SwitchyardError } from './errors.ts';
import { StaleRouteError, TenantFrozenError } from './routing-errors.ts';

/**
 * Why a shard refused a unit of work of a tenant; nothing was written. `stale`: the tenant lives
 * elsewhere, or at a newer epoch. `absent`: the shard has no record of the tenant, because its
 * assignment was killed half-way. `frozen`: its placement is being changed.
 */
export interface ShardRefusal {
  readonly kind: 'stale' | 'absent' | 'frozen';
  readonly tenant: string;
  /** The refusal itself; the caught error may be a host's error around it. */
  readonly error: SwitchyardError;
  /** The epoch of the caller's route, where the refusal names it. */
  readonly seenEpoch: number | undefined;
}

const KINDS = [
  ['stale', StaleRouteError.code],
  ['absent', 'TENANT_NOT_ON_SHARD'], // thrown by `models`
  ['frozen', TenantFrozenError.code],
] as const;

/** The shard's refusal of a tenant in an error, also where a host has wrapped it as a cause. */
export function shardRefusalOf(error: unknown, tenant?: string): ShardRefusal | undefined {
  for (const cause of causesOf(error)) {
    const { tenant: refused, seenEpoch } = cause as Partial<ShardRefusal>;
    const kind = isSwitchyardError(cause)
      ? KINDS.find(([, code]) => code === String(cause.code))?.[0]
      : undefined;
    const isMeant = tenant === undefined || refused === tenant;
    if (kind !== undefined && refused !== undefined && isMeant) {
      return { kind, tenant: refused, error: cause as SwitchyardError, seenEpoch };
    }
  }
  return undefined;
}
