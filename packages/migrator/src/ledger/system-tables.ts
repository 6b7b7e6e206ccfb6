import { FENCE_TABLES } from '@switchyard/models/internal';
import { IDENTITY_TABLES } from '@switchyard/mysql/internal';
import { LEDGER_TABLES } from './tables.ts';

/** Switchyard's own tables on a shard: what adoption, copies, plans and drift leave out. */
export const SYSTEM_TABLES: readonly string[] = [
  ...IDENTITY_TABLES,
  ...FENCE_TABLES,
  ...LEDGER_TABLES,
].map(({ name }) => name);
