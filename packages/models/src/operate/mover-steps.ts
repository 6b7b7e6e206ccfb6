import type { Arrival, Freeze, Seal, ShardTenant } from '@switchyard/shard-context';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { run } from '../fence/change-row.ts';
import {
  FREEZE_HOLDS,
  FROM_NOW,
  HELD_BY_MOVER,
  LEASE_IS_OVER,
  MAY_WRITE,
  TENANT_ROW,
} from '../fence/fence-condition.ts';
import { readRow } from '../fence/tenant-row.ts';

const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_HOLD_MS = 30_000;
const US_PER_MS = 1_000;

/** Makes the first record of a tenant; true where there was none. */
export async function admitTenant(
  connection: Connection,
  tenant: string,
  epoch: number,
): Promise<boolean> {
  if (await hasRow(connection, tenant)) return false;
  return run(
    connection,
    "INSERT INTO shard_tenant (tenant, stripe, state, epoch) VALUES (?, 0, 'active', ?)",
    [tenant, epoch],
  );
}

/** Makes the tenant's record *incoming*, held by the mover; true where that changed it. */
export async function expectTenant(connection: Connection, arrival: Arrival): Promise<boolean> {
  const { tenant, epoch, mover } = arrival;
  if (!(await hasRow(connection, tenant))) {
    return run(
      connection,
      `INSERT INTO shard_tenant (tenant, stripe, state, epoch, mover, lease_ends)
       VALUES (?, 0, 'incoming', ?, ?, ${FROM_NOW})`,
      [tenant, epoch, mover, leaseOf(arrival)],
    );
  }
  return run(
    connection,
    `UPDATE shard_tenant SET state = 'incoming', epoch = ?, mover = ?, lease_ends = ${FROM_NOW},
       moved_to = NULL
     WHERE ${TENANT_ROW} AND (state IN ('moved', 'removed') AND epoch < ?
       OR state = 'incoming' AND mover = ? AND epoch <= ?
       OR state = 'incoming' AND ${LEASE_IS_OVER} AND epoch < ?)`,
    [epoch, mover, leaseOf(arrival), tenant, epoch, mover, epoch, epoch],
  );
}

/** Freezes an active tenant; the open transaction holds its row. True where it was active. */
export function freezeTenant(connection: Connection, freeze: Freeze): Promise<boolean> {
  const { tenant, fromEpoch, toEpoch, mover, movingTo, holdMs = DEFAULT_HOLD_MS } = freeze;
  return run(
    connection,
    `UPDATE shard_tenant SET state = 'frozen', epoch = ?, mover = ?, moving_to = ?,
       freeze_ends = ${FROM_NOW}, lease_ends = ${FROM_NOW} WHERE ${MAY_WRITE}`,
    [toEpoch, mover, movingTo, holdMs * US_PER_MS, leaseOf(freeze), tenant, fromEpoch],
  );
}

/** Takes the deadline from a freeze that still holds; true where it did. */
export function sealTenant(connection: Connection, seal: Seal): Promise<boolean> {
  const { tenant, epoch, mover } = seal;
  return run(
    connection,
    `UPDATE shard_tenant SET state = 'sealed', freeze_ends = NULL, lease_ends = ${FROM_NOW}
     WHERE ${HELD_BY_MOVER} AND state = 'frozen' AND ${FREEZE_HOLDS}`,
    [leaseOf(seal), tenant, epoch, mover],
  );
}

/**
 * Lengthens the lease of a mover that holds the row in that state, and answers the row; undefined
 * where it does not. No placement changes: the row keeps its number.
 */
export async function renewLease(
  connection: Connection,
  state: 'incoming' | 'sealed',
  held: Arrival | Seal,
): Promise<ShardTenant | undefined> {
  const { tenant, epoch, mover } = held;
  const isHeld = await run(
    connection,
    `UPDATE shard_tenant SET lease_ends = ${FROM_NOW} WHERE ${HELD_BY_MOVER} AND state = ?`,
    [leaseOf(held), tenant, epoch, mover, state],
  );
  return isHeld ? readRow(connection, tenant) : undefined;
}

async function hasRow(connection: Connection, tenant: string): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT 1 FROM shard_tenant WHERE ${TENANT_ROW}`,
    [tenant],
  );
  return rows.length > 0;
}

function leaseOf({ leaseMs = DEFAULT_LEASE_MS }: { readonly leaseMs?: number | undefined }) {
  return leaseMs * US_PER_MS;
}
