/*
 * The one place that writes by which row of `shard_tenant` a statement is let through. Whatever
 * changes a tenant's rows says one of these in its own transaction; the procedure of
 * `fence-tables.ts` says the same of the row that it has read.
 */

/** The tenant's row. Value: the tenant's name. */
export const TENANT_ROW = 'tenant = ? AND stripe = 0';

/** The row, where the tenant's own writes are let through. Values: the tenant's name, the epoch. */
export const MAY_WRITE = `${TENANT_ROW} AND state = 'active' AND epoch = ?`;

/** The row, where this mover holds it. Values: name, epoch, token; the state is judged beside it. */
export const HELD_BY_MOVER = `${TENANT_ROW} AND epoch = ? AND mover = ?`;

/** Keeps a row as it was read until the transaction ends; others may read it too. Both engines. */
export const SHARED = 'LOCK IN SHARE MODE';

/** True while a freeze can still be sealed, by the shard's clock. */
export const FREEZE_HOLDS = 'freeze_ends > UTC_TIMESTAMP(6)';

/** True once a mover's lease is over, by the shard's clock; a row without one has none to wait for. */
export const LEASE_IS_OVER = 'COALESCE(lease_ends <= UTC_TIMESTAMP(6), TRUE)';

/** So long from now, by the shard's clock in UTC. Value: microseconds. */
export const FROM_NOW = 'UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND';
