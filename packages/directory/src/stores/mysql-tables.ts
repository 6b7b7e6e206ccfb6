/** Version of the tables; a store reads this one and the one before. */
export const FORMAT = 1;

/**
 * Names of keys and tenants are compared by their bytes: the collations that MySQL and MariaDB share
 * ignore trailing spaces, and two tenants would be one.
 */
export const TABLES: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS directory_format (
    one TINYINT NOT NULL PRIMARY KEY,
    format INT NOT NULL
  ) ENGINE=InnoDB`,
  `CREATE TABLE IF NOT EXISTS directory_keys (
    digest BINARY(16) NOT NULL PRIMARY KEY,
    hash_id VARBINARY(32) NOT NULL,
    kind VARBINARY(255) NOT NULL,
    tenant VARBINARY(255) NOT NULL,
    revoked TINYINT NOT NULL DEFAULT 0,
    created_us BIGINT NOT NULL,
    KEY tenant (tenant)
  ) ENGINE=InnoDB`,
  `CREATE TABLE IF NOT EXISTS directory_placements (
    tenant VARBINARY(255) NOT NULL PRIMARY KEY,
    shard VARBINARY(64) NOT NULL,
    epoch BIGINT UNSIGNED NOT NULL,
    state VARBINARY(16) NOT NULL,
    home_region VARBINARY(64) NULL,
    allowed_regions VARBINARY(4096) NULL,
    changed_us BIGINT NOT NULL,
    KEY shard (shard),
    KEY changed (changed_us)
  ) ENGINE=InnoDB`,
  `INSERT IGNORE INTO directory_format (one, format) VALUES (1, ${FORMAT})`,
];

/** The server's clock in microseconds: ours may differ from it, and its from ours. */
export const NOW_US = 'CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)';

/** Columns of a placement. */
export const PLACEMENT_COLUMNS =
  'p.tenant AS p_tenant, p.shard, p.epoch, p.state, p.home_region, p.allowed_regions';

/** Columns of a key. */
export const KEY_COLUMNS = 'k.digest, k.hash_id, k.kind, k.tenant, k.revoked';

/** A list of `count` marks. Few lengths, so that few statements are prepared. */
export function marks(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ');
}

/** The next power of two: lists are filled up to it with their last value. */
export function paddedLength(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)));
}
