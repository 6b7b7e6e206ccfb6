import type { Connection, RowDataPacket } from 'mysql2/promise';
import {
  CREATE_FENCE_PROCEDURE,
  FIRST_NUMBER,
  MOVERS_COLUMNS,
  MOVERS_KEYS,
  SHARD_TENANT,
  SHARD_TENANT_COUNTER,
} from './fence-tables.ts';

/** What an earlier release has made otherwise: how that is seen, and what brings it up to date. */
const UPGRADES: readonly { readonly isDue: string; readonly alter: string }[] = [
  {
    // Names were kept as text. Their bytes stay as they were.
    isDue: `SELECT 1 FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'shard_tenant'
        AND COLUMN_NAME = 'tenant' AND DATA_TYPE <> 'varbinary'`,
    alter: 'ALTER TABLE shard_tenant MODIFY tenant VARBINARY(255) NOT NULL',
  },
  {
    // Movers had no identity, and a freeze had no end.
    isDue: `SELECT 1 FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'shard_tenant'
        AND COLUMN_NAME = 'change_number')`,
    alter: `ALTER TABLE shard_tenant ${[...MOVERS_COLUMNS, ...MOVERS_KEYS]
      .map((part) => `ADD ${part}`)
      .join(', ')}`,
  },
];

/**
 * Makes the tables and the procedure of the fence on a shard, and brings older ones up to date.
 * Idempotent: what a kill has left out, the next run makes.
 */
export async function prepareFence(connection: Connection): Promise<void> {
  await connection.query(SHARD_TENANT);
  for (const { isDue, alter } of UPGRADES) {
    const [due] = await connection.query<RowDataPacket[]>(isDue);
    if (due.length > 0) await connection.query(alter);
  }
  for (const creation of [SHARD_TENANT_COUNTER, FIRST_NUMBER, CREATE_FENCE_PROCEDURE]) {
    await connection.query(creation);
  }
}
