import type { ShardTenantState } from '@switchyard/shard-context';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { HELD_BY_MOVER, SHARED } from './fence-condition.ts';
import { MoverLostError } from './fence-errors.ts';
import { readRow } from './tenant-row.ts';

/** What a mover must hold on a shard to write rows of a tenant there. */
export interface MoverHold {
  readonly shard: string;
  readonly tenant: string;
  readonly epoch: number;
  /** The token with which it announced or froze the tenant. */
  readonly mover: string;
  /** `incoming` where it copies to, `moved` where it purges. */
  readonly state: ShardTenantState;
}

/**
 * Lets a mover go on only while it holds the tenant's row, and keeps the row so until the transaction
 * that is open on `connection` ends. Call it first in every transaction that writes or deletes rows
 * for a move: a mover that was paused, and whose place was taken meanwhile, then writes nothing late.
 * @throws MoverLostError; the caller rolls back
 */
export async function holdForMover(connection: Connection, hold: MoverHold): Promise<void> {
  const { tenant, epoch, mover, state } = hold;
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT 1 FROM shard_tenant WHERE ${HELD_BY_MOVER} AND state = ? ${SHARED}`,
    [tenant, epoch, mover, state],
  );
  if (rows.length > 0) return;
  const found = await readRow(connection, tenant);
  throw new MoverLostError({ ...hold, expected: `${state} at epoch ${epoch}`, found });
}
