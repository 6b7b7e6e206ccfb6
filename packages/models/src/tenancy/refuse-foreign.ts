import type { Place } from '@switchyard/shard-context';
import { membersOf, type Member } from '../provenance/origin-guard.ts';
import { TenantMismatchError } from '../record-errors.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';
import { textOf } from '../rows/tenant-value.ts';

/**
 * Refuses a graph with a member that names another tenant than the context's, before any query.
 * @throws TenantMismatchError
 */
export function refuseForeign(attempted: string, roots: Iterable<Member>, place: Place): void {
  const { shard, tenant } = place;
  if (tenant === undefined) return;
  for (const { record, metadata } of membersOf(roots)) {
    const path = tenantPathOf(metadata);
    if (path === undefined || path.steps.length > 0) continue;
    const found = textOf(path.column, record);
    if (found === undefined || found === tenant) continue;
    const what = `the ${metadata.name}`;
    throw new TenantMismatchError({
      attempted: `${attempted} ${metadata.name}`,
      shard,
      tenant,
      found,
      what,
    });
  }
}
