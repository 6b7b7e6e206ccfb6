import type { ShardTenant } from '@switchyard/shard-context';

import {
  printName,
  StaleRouteError,
  SwitchyardError,
  TenantFrozenError,
} from '@switchyard/shard-context/internal';
import { FENCE_REFUSAL } from './fence-tables.ts';

/** A transaction that keeps a tenant from being frozen. */
export interface LockHolder {
  /** The server's number of its connection, as KILL takes it. */
  readonly thread: number;
  /** How long the transaction has been open, to the second. */
  readonly ageMs: number;
}

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
        reason: `the shard has no record of tenant ${printName(route.tenant)}, and takes no writes for it`,
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
 * Frozen wins over stale: while a placement changes no one knows yet where the tenant ends up, so a
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
  const isHeld = state === 'frozen' || state === 'sealed';
  if (isHeld || arriving) return new TenantFrozenError(at, { cause });
  const stale = { ...at, seenEpoch: route.epoch, movedTo: movedTo === '' ? undefined : movedTo };
  return new StaleRouteError(stale, { cause });
}

/** The tenant's record on the shard is not what the change expects. Nothing was changed. */
export class ShardTenantConflictError extends SwitchyardError {
  static override readonly code = 'SHARD_TENANT_CONFLICT';
  /** What the shard says now; undefined where it has no record. */
  readonly found: ShardTenant | undefined;

  constructor(
    attempted: string,
    at: { shard: string; tenant: string; expected: string; found: ShardTenant | undefined },
  ) {
    const { found } = at;
    super({
      attempted: `${attempted} tenant ${printName(at.tenant)}`,
      shard: at.shard,
      reason: `the shard has ${describeRow(found)}, expected ${at.expected}`,
      remedy: 'Read the placement again: another move may have changed it',
    });
    this.found = found;
  }
}

/** Transactions of the tenant stayed open until the deadline. Nothing was changed. */
export class TenantBusyError extends SwitchyardError {
  static override readonly code = 'TENANT_BUSY';
  static override readonly retryable = true;
  /** Server threads that held the tenant longest, where the server shows them. */
  readonly holders: readonly LockHolder[];

  constructor(at: {
    shard: string;
    tenant: string;
    deadlineMs: number;
    holders: readonly LockHolder[];
  }) {
    const shown = at.holders.map(({ thread, ageMs }) => `thread ${thread} for ${ageMs} ms`);
    const who = shown.length === 0 ? '' : ` (${shown.join(', ')})`;
    super({
      attempted: `freeze tenant ${printName(at.tenant)}`,
      shard: at.shard,
      reason: `its transactions did not all end within ${at.deadlineMs} ms${who}`,
      remedy: 'Try again when the long transaction is over, or end it on the server',
    });
    this.holders = at.holders;
  }
}

/** A mover is about to write rows of a tenant that it does not hold any more. Nothing was written. */
export class MoverLostError extends SwitchyardError {
  static override readonly code = 'MOVER_LOST';
  readonly tenant: string;
  /** What the shard says now; undefined where it has no record. */
  readonly found: ShardTenant | undefined;

  constructor(at: {
    shard: string;
    tenant: string;
    expected: string;
    found: ShardTenant | undefined;
  }) {
    super({
      attempted: `write rows of tenant ${printName(at.tenant)} for its move`,
      shard: at.shard,
      reason: `the shard has ${describeRow(at.found)}, expected ${at.expected}, held by this mover`,
      remedy: 'Stop this move: it was ended, or another mover has taken its place',
    });
    this.tenant = at.tenant;
    this.found = at.found;
  }
}

function describeRow(row: ShardTenant | undefined): string {
  if (row === undefined) return 'no record';
  const over = row.freezeIsOver ? ' past its deadline' : '';
  return `${row.state} at epoch ${row.epoch}${over}`;
}
