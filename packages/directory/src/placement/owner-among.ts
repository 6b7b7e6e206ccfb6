import type { FoundShardTenant, ShardTenantState } from '@switchyard/shard-context';

/** Whom the shards name as a tenant's owner, and why they name none where they have rows of it. */
export type Ownership =
  | { readonly owner: FoundShardTenant }
  | { readonly owner: undefined; readonly conflict: string | undefined };

const HELD: readonly ShardTenantState[] = ['frozen', 'sealed'];

/**
 * The one shard that has the tenant, of the rows that all shards have of it. While a switch is
 * finished, the old shard is sealed and the new one active at a higher epoch: the new one has it.
 */
export function ownerAmong(found: readonly FoundShardTenant[]): Ownership {
  const active = found.filter(({ row }) => row.state === 'active');
  const held = found.filter(({ row }) => HELD.includes(row.state));
  if (active.length > 1) return none(`it may write on ${names(active)} at once`);
  const [owner] = active;
  if (owner !== undefined) {
    const ahead = held.filter(({ row }) => row.epoch > owner.row.epoch);
    if (ahead.length === 0) return { owner };
    return none(`it is active on ${owner.shard}, and held on ${names(ahead)} at a higher epoch`);
  }
  if (held.length > 1) return none(`it is held on ${names(held)} at once`);
  if (held[0] !== undefined) return { owner: held[0] };
  if (found.length === 0) return none(undefined);
  const rows = found.map(({ shard, row }) => `${shard} says ${row.state}`).join(', ');
  return none(`no shard has it any more: ${rows}`);
}

function none(conflict: string | undefined): Ownership {
  return { owner: undefined, conflict };
}

function names(found: readonly FoundShardTenant[]): string {
  return found.map(({ shard }) => shard).join(' and ');
}
