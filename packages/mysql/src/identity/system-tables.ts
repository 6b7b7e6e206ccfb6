/**
 * Switchyard's own tables on a shard, of all packages: identity, tenants and their counter, ledger
 * and lease of migrations. What empties, copies or plans a shard's tables leaves these out. The list
 * stands in the lowest package, because the others must spare tables of packages that they do not
 * know.
 */
export const SYSTEM_TABLES: readonly string[] = [
  'shard_identity',
  'shard_tenant',
  'shard_tenant_counter',
  'shard_ledger',
  'shard_lease',
];
