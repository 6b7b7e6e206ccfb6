import { TenantMismatchError } from '../record-errors.ts';
import type { RowKey } from '../rows/row-key.ts';
import { readTenants } from '../rows/tenant-reader.ts';
import type { TenantRunner } from './tenant-runner.ts';

/** A row that must belong to the tenant, and what is wrong when it does not. */
interface Claim {
  readonly key: RowKey;
  readonly attempted: string;
  /** True where a row that does not exist is as wrong as one of another tenant. */
  readonly mustExist: boolean;
}

/**
 * Rows of which a write claims that they are the tenant's: owners named by an id only, rows that
 * will be written and were not loaded. Collected first, then checked with one read per entity.
 */
export class TenantClaims {
  readonly #claims: Claim[] = [];

  add(key: RowKey | undefined, attempted: string, options: { mustExist: boolean }): void {
    if (key !== undefined) this.#claims.push({ key, attempted, mustExist: options.mustExist });
  }

  /** @throws TenantMismatchError at the first row that is another's */
  async check(runner: TenantRunner): Promise<void> {
    if (this.#claims.length === 0) return;
    const owners = this.#claims.filter(({ mustExist }) => mustExist);
    const rows = this.#claims.filter(({ mustExist }) => !mustExist);
    // An owner may have become another's after the snapshot; a foreign key locks it in any case. Of
    // the rows themselves the statement says by its predicate whose they may be.
    const claimed = await readTenants(runner, keysOf(owners), { current: true });
    const found = await readTenants(runner, keysOf(rows));
    for (const claim of owners) this.#judge(claim, claimed.get(claim.key), runner);
    for (const claim of rows) this.#judge(claim, found.get(claim.key), runner);
  }

  #judge(claim: Claim, found: string | null | undefined, { place }: TenantRunner): void {
    if (found === place.tenant || (found === null && !claim.mustExist)) return;
    const { metadata } = claim.key;
    throw new TenantMismatchError({
      attempted: claim.attempted,
      shard: place.shard,
      tenant: place.tenant,
      found: found ?? undefined,
      what:
        found === null ? `a ${metadata.name} that is not on this shard` : `the ${metadata.name}`,
    });
  }
}

function keysOf(claims: readonly Claim[]): RowKey[] {
  return claims.map(({ key }) => key);
}
