import type { EntityMetadata } from 'typeorm';
import { cascadeReach, type CascadeReach } from './cascade-reach.ts';
import { TenantUncheckableError } from '../record-errors.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';
import type { TenantRunner } from './tenant-runner.ts';

const known = new WeakMap<EntityMetadata, CascadeReach | false>();

/**
 * Refuses, under a tenant, to delete rows of no tenant where the schema would delete or change rows
 * of tenants with them: they may be anyone's.
 * @throws TenantUncheckableError
 */
export function refuseCascade(
  attempted: string,
  metadata: EntityMetadata,
  { place, dataSource }: TenantRunner,
): void {
  if (hasTenant(metadata)) return;
  let reach = known.get(metadata);
  if (reach === undefined) {
    reach = cascadeReach(metadata, dataSource.entityMetadatas, hasTenant) ?? false;
    known.set(metadata, reach);
  }
  if (reach === false) return;
  const reason = `ON DELETE ${reach.onDelete} of ${reach.table} would change rows of all tenants`;
  throw new TenantUncheckableError(attempted, place.shard, reason);
}

function hasTenant(metadata: EntityMetadata): boolean {
  return tenantPathOf(metadata) !== undefined;
}
