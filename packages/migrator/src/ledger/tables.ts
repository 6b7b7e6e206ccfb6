import {
  isServerError,
  makeSystemTables,
  ServerError,
  type SystemTable,
} from '@switchyard/mysql/internal';
import type { Connection } from 'mysql2/promise';
import { rowsOf } from '../server/connection.ts';
import { LedgerFormatError, LedgerMissingError } from './ledger-errors.ts';

/**
 * Format of the ledger's tables. A release reads its own format and the one before, so that the
 * command line and the services may be deployed in either order.
 */
export const LEDGER_FORMAT = 1;
const OLDEST_FORMAT = 1;

/** Server error "table does not exist". */

/**
 * `shard_ledger`: one row per migration run (`step` 0) and one per step of it. `models` reads the
 * columns migration, direction, step, state and seq (`hasMigration`), so they keep their meaning.
 */
const LEDGER = `CREATE TABLE IF NOT EXISTS shard_ledger (
  seq BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  rollout CHAR(36) CHARACTER SET ascii NOT NULL,
  migration VARCHAR(191) NOT NULL,
  direction VARCHAR(8) CHARACTER SET ascii NOT NULL,
  step INT UNSIGNED NOT NULL,
  clause TEXT NOT NULL,
  path VARCHAR(24) CHARACTER SET ascii NOT NULL,
  state VARCHAR(12) CHARACTER SET ascii NOT NULL,
  started_at DATETIME(3) NOT NULL,
  ended_at DATETIME(3) NULL,
  who VARCHAR(191) NOT NULL,
  checksum CHAR(64) CHARACTER SET ascii NULL,
  tool VARCHAR(32) NOT NULL,
  stall_ms INT UNSIGNED NOT NULL DEFAULT 0,
  outcome TEXT NULL,
  plan LONGTEXT NULL,
  PRIMARY KEY (seq),
  KEY by_migration (migration, step, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`;

/**
 * `shard_lease`: one row. Who may change this shard now, since when and until when, and what
 * operators asked for (`control`). `token` grows with each holder: what a paused and replaced run
 * still wants to write carries an older one.
 */
const LEASE = `CREATE TABLE IF NOT EXISTS shard_lease (
  id TINYINT UNSIGNED NOT NULL,
  format SMALLINT UNSIGNED NOT NULL,
  token BIGINT UNSIGNED NOT NULL DEFAULT 0,
  rollout CHAR(36) CHARACTER SET ascii NULL,
  who VARCHAR(191) NULL,
  taken_at DATETIME(3) NULL,
  expires_at DATETIME(3) NULL,
  options TEXT NULL,
  control VARCHAR(8) CHARACTER SET ascii NOT NULL DEFAULT 'run',
  control_by VARCHAR(191) NULL,
  control_at DATETIME(3) NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`;

/** The migrator's own tables on a shard: what plans, fingerprints and drift leave out. */
export const LEDGER_TABLES: readonly SystemTable[] = [
  { name: 'shard_ledger', format: LEDGER_FORMAT, creation: [LEDGER] },
  {
    name: 'shard_lease',
    format: LEDGER_FORMAT,
    creation: [LEASE, `INSERT IGNORE INTO shard_lease (id, format) VALUES (1, ${LEDGER_FORMAT})`],
  },
];

/** Makes the ledger's tables where they are missing. Repeating it changes nothing. */
export async function prepareLedger(connection: Connection): Promise<void> {
  await makeSystemTables(connection, LEDGER_TABLES);
}

/**
 * Refuses a shard whose ledger this release cannot read.
 * @throws LedgerMissingError, LedgerFormatError
 */
export async function checkLedger(connection: Connection, shard: string): Promise<void> {
  const [row] = await readable(shard, () =>
    rowsOf<{ format: number }>(connection, 'SELECT format FROM shard_lease WHERE id = 1'),
  );
  if (row === undefined) throw new LedgerMissingError(shard);
  if (row.format < OLDEST_FORMAT || row.format > LEDGER_FORMAT + 1) {
    throw new LedgerFormatError(shard, row.format, LEDGER_FORMAT);
  }
}

/** Turns "no such table" into the error that names the remedy. @throws LedgerMissingError */
export async function readable<T>(shard: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (isServerError(cause, ServerError.ER_NO_SUCH_TABLE)) {
      throw new LedgerMissingError(shard, { cause });
    }
    throw cause;
  }
}
