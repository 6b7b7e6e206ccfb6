import { makeSystemTables, type SystemTable } from '@switchyard/mysql/internal';
import type { Connection } from 'mysql2/promise';
import {
  CREATE_FENCE_PROCEDURE,
  FIRST_NUMBER,
  MOVERS_COLUMNS,
  MOVERS_KEYS,
  SHARD_TENANT,
  SHARD_TENANT_COUNTER,
} from './fence-tables.ts';

/** The tables of this package on a shard. */
export const FENCE_TABLES: readonly SystemTable[] = [
  {
    name: 'shard_tenant',
    format: 1,
    creation: [SHARD_TENANT],
    upgrades: [
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
    ],
  },
  { name: 'shard_tenant_counter', format: 1, creation: [SHARD_TENANT_COUNTER, FIRST_NUMBER] },
];

/**
 * Makes the tables and the procedure of the fence on a shard, and brings older ones up to date.
 * Idempotent: what a kill has left out, the next run makes.
 */
export async function prepareFence(connection: Connection): Promise<void> {
  await makeSystemTables(connection, FENCE_TABLES);
  await connection.query(CREATE_FENCE_PROCEDURE);
}
