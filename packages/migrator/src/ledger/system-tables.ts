import { LEDGER_TABLES } from './tables.ts';

/** Tables of `mysql` and `models` on a shard. */
const OTHER_TABLES = ['shard_identity', 'shard_tenant', 'shard_tenant_counter'];

/** Switchyard's own tables on a shard: what adoption, copies, plans and drift leave out. */
export const SYSTEM_TABLES: readonly string[] = [...OTHER_TABLES, ...LEDGER_TABLES];
