import { StaleRouteError, SwitchyardError, TenantFrozenError } from '@switchyard/shard-context';
import { FENCE_REFUSAL } from '../system/system-tables.ts';

/** The shard has no record of the tenant: it was never admitted here. Nothing was written. */
export class TenantNotOnShardError extends SwitchyardError {
  static override readonly code = 'TENANT_NOT_ON_SHARD';
  readonly tenant: string;

  constructor(
    route: { attempted: string; shard: string; tenant: string },
    options?: { cause?: unknown },
  ) {
    super(
      {
        attempted: route.attempted,
        shard: route.shard,
        reason: `the shard has no record of tenant ${route.tenant}, and takes no writes for it`,
        remedy: 'Assign tenants through the directory, which admits them on their shard',
      },
      options,
    );
    this.tenant = route.tenant;
  }
}

/** What the caller came with. */
export interface FencedRoute {
  readonly shard: string;
  readonly tenant: string;
  readonly epoch: number;
}

const REFUSAL = new RegExp(`${FENCE_REFUSAL}(\\w+):(\\d+):(.*)$`);

/**
 * The fence procedure's refusal as an error of ours; undefined where the failure was another one.
 * Frozen wins over stale: while a placement changes nobody knows yet where the tenant ends up, so a
 * caller waits rather than chases. `incoming` at the caller's epoch is the last moment of that.
 */
export function fenceRefusal(
  message: string,
  route: FencedRoute,
  cause: unknown,
): Error | undefined {
  const [, state, epoch, movedTo] = REFUSAL.exec(message) ?? [];
  if (state === undefined) return undefined;
  const at = { attempted: 'begin a write', shard: route.shard, tenant: route.tenant };
  if (state === 'missing') return new TenantNotOnShardError(at, { cause });
  const arriving = state === 'incoming' && Number(epoch) <= route.epoch;
  if (state === 'frozen' || arriving) return new TenantFrozenError(at, { cause });
  const stale = { ...at, seenEpoch: route.epoch, movedTo: movedTo === '' ? undefined : movedTo };
  return new StaleRouteError(stale, { cause });
}
