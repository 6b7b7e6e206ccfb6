import type { ShardTenant, ShardTenantState } from '@switchyard/shard-context';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { FREEZE_HOLDS, LEASE_IS_OVER, TENANT_ROW } from './fence-condition.ts';

const COLUMNS = `tenant, state, epoch, moved_to, moving_to, mover, change_number,
  state = 'frozen' AND NOT COALESCE(${FREEZE_HOLDS}, FALSE) AS freeze_over,
  ${LEASE_IS_OVER} AS lease_over`;

const DEFAULT_LIMIT = 1_000;

/** The shard's record of the tenant; undefined where there is none. */
export async function readRow(
  connection: Connection,
  tenant: string,
): Promise<ShardTenant | undefined> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT ${COLUMNS} FROM shard_tenant WHERE ${TENANT_ROW}`,
    [tenant],
  );
  return rows[0] === undefined ? undefined : rowOf(rows[0]);
}

/** The records behind `after` in the order of the tenants' bytes, at most `limit` of them. */
export async function listRows(
  connection: Connection,
  {
    after = '',
    limit = DEFAULT_LIMIT,
    states,
  }: {
    after?: string | undefined;
    limit?: number | undefined;
    states?: readonly ShardTenantState[] | undefined;
  },
): Promise<ShardTenant[]> {
  const which = states === undefined ? '' : ' AND state IN (?)';
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT ${COLUMNS} FROM shard_tenant WHERE tenant > ? AND stripe = 0${which} ORDER BY tenant LIMIT ?`,
    [after, ...(states === undefined ? [] : [states]), limit],
  );
  return rows.map(rowOf);
}

function rowOf(row: RowDataPacket): ShardTenant {
  return Object.freeze({
    tenant: String(row['tenant']), // bytes or text
    state: row['state'] as ShardTenantState,
    epoch: Number(row['epoch']),
    movedTo: textOf(row['moved_to']),
    movingTo: textOf(row['moving_to']),
    mover: textOf(row['mover']),
    freezeIsOver: Number(row['freeze_over']) === 1,
    leaseIsOver: Number(row['lease_over']) === 1,
    changeNumber: Number(row['change_number']),
  });
}

function textOf(value: unknown): string | undefined {
  return value === null || value === undefined ? undefined : String(value);
}
