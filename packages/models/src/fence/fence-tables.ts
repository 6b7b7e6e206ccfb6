/** Columns that say which mover holds a tenant and until when, and in which order rows changed. */
export const MOVERS_COLUMNS: readonly string[] = [
  'moving_to VARCHAR(64) NULL',
  'mover VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL',
  'freeze_ends DATETIME(6) NULL',
  'lease_ends DATETIME(6) NULL',
  'change_number BIGINT UNSIGNED NOT NULL DEFAULT 0',
];

/** Keys by which tenants that are held, or have changed, are found. */
export const MOVERS_KEYS: readonly string[] = [
  'KEY by_state (state, tenant)',
  'KEY by_change (change_number)',
];

/**
 * One row per tenant and stripe: who may write here, and by which epoch. Names are kept as bytes:
 * every collation of characters makes one name of some two, and `utf8mb4_bin` of those that differ
 * in spaces at the end. The stripe lets a very busy tenant be spread over several rows later without
 * DDL; today it is always 0. `freeze_ends` and `lease_ends` are in UTC: sessions of two time zones
 * read and write them.
 */
export const SHARD_TENANT = `CREATE TABLE IF NOT EXISTS shard_tenant (
  tenant VARBINARY(255) NOT NULL,
  stripe SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  state VARCHAR(16) NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  moved_to VARCHAR(64) NULL,
  ${MOVERS_COLUMNS.join(', ')},
  changed_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6),
  PRIMARY KEY (tenant, stripe),
  ${MOVERS_KEYS.join(', ')}
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4`;

/**
 * One row with the number of the shard's last change of a placement. Every change takes the next
 * number in its own transaction and locks this row until it commits: so numbers grow in the order of
 * commits, and a reader that has seen one has seen all below it.
 */
export const SHARD_TENANT_COUNTER = `CREATE TABLE IF NOT EXISTS shard_tenant_counter (
  one TINYINT UNSIGNED NOT NULL,
  number BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (one)
) ENGINE=InnoDB`;

/** The counter's one row; makes none where it stands. */
export const FIRST_NUMBER = 'INSERT IGNORE INTO shard_tenant_counter (one, number) VALUES (1, 0)';

/** Name of the procedure that begins a fenced transaction; its format is part of the name. */
export const FENCE_PROCEDURE = 'switchyard_begin_v1';

/** Starts every message by which the procedure refuses; what follows is `state:epoch:moved_to`. */
export const FENCE_REFUSAL = 'switchyard fence:';

/**
 * Begins a transaction and checks, with a lock that the freezer must wait for, that the tenant may
 * write here at this epoch; otherwise rolls back and signals what it found. A lock in place of a
 * plain read also keeps the transaction's read view closed until the check is over. The tenant comes
 * as text, whatever the character set of the connection, and is compared as its bytes in UTF-8: the
 * column is binary. Nothing is checked for `missing` but the row: the caller decides, and no gap lock
 * outlives the refusal.
 */
export const CREATE_FENCE_PROCEDURE = `CREATE PROCEDURE IF NOT EXISTS ${FENCE_PROCEDURE}(
  IN for_tenant VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  IN for_stripe SMALLINT UNSIGNED,
  IN at_epoch BIGINT UNSIGNED
)
SQL SECURITY INVOKER
BEGIN
  DECLARE found_state VARCHAR(16) DEFAULT 'missing';
  DECLARE found_epoch BIGINT UNSIGNED DEFAULT 0;
  DECLARE found_moved_to VARCHAR(64) DEFAULT NULL;
  DECLARE refusal VARCHAR(128);
  DECLARE CONTINUE HANDLER FOR NOT FOUND BEGIN END;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  SELECT state, epoch, moved_to INTO found_state, found_epoch, found_moved_to
    FROM shard_tenant WHERE tenant = for_tenant AND stripe = for_stripe LOCK IN SHARE MODE;
  IF found_state <> 'active' OR found_epoch <> at_epoch THEN
    SET refusal = CONCAT('${FENCE_REFUSAL}', found_state, ':', found_epoch, ':',
      COALESCE(found_moved_to, ''));
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = refusal;
  END IF;
END`;
