import type { SystemTable } from '../system-tables/system-table.ts';

/** Formats that this release reads: its own and the one before it. Format 1 is the first. */
export const READABLE_FORMATS: readonly number[] = [1];

/** The format that this release writes. */
export const FORMAT = 1;

/**
 * One row: which shard this database is. The key allows no second one. A database's own record of
 * its name is what tells a snapshot, a copy and a swapped server from the real shard.
 */
export const SHARD_IDENTITY = `CREATE TABLE IF NOT EXISTS shard_identity (
  id TINYINT UNSIGNED NOT NULL PRIMARY KEY DEFAULT 1,
  name VARCHAR(64) NOT NULL,
  uuid CHAR(36) NOT NULL,
  fleet VARCHAR(64) NOT NULL,
  region VARCHAR(64) NOT NULL,
  incarnation INT UNSIGNED NOT NULL,
  ordinal SMALLINT UNSIGNED NOT NULL,
  format SMALLINT UNSIGNED NOT NULL,
  stamped_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
  CONSTRAINT shard_identity_is_one_row CHECK (id = 1)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/** The tables of this package on a shard. */
export const IDENTITY_TABLES: readonly SystemTable[] = [
  { name: 'shard_identity', format: FORMAT, creation: [SHARD_IDENTITY] },
];
