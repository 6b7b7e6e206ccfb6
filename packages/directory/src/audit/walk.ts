import type {
  FoundShardTenant,
  Placement,
  ShardTenant,
  ShardTenants,
} from '@switchyard/shard-context';
import type { BothSides } from './finding.ts';

const PAGE_ROWS = 1_000;

/** The two sides of a walk. */
export interface WalkParts {
  readonly tenants: ShardTenants;
  readonly shards: readonly string[];
  /** A page of placements in the order of the tenants' bytes. */
  readonly placements: (after: string | undefined, limit: number) => Promise<Placement[]>;
}

/** What both sides say of one tenant. */
export interface Seen extends BothSides {
  readonly tenant: string;
}

/**
 * Every tenant that the directory or any shard knows, once, in the order of their bytes: all of them
 * are read side by side in pages, so that one pass finds the names that are missing on either side and keeps a
 * page of each in memory.
 */
export async function* walk(parts: WalkParts, from?: string): AsyncGenerator<Seen> {
  const { tenants, shards, placements } = parts;
  const directory = new Pages<Placement>((after) => placements(after, PAGE_ROWS), from);
  const sides = shards.map((shard) => ({
    shard,
    pages: new Pages<ShardTenant>(
      (after) => tenants.list(shard, { after, limit: PAGE_ROWS }),
      from,
    ),
  }));
  for (;;) {
    const heads = await Promise.all([directory, ...sides.map(({ pages }) => pages)].map(headOf));
    const tenant = heads.reduce((a, b) => (a === undefined || isBelow(b, a) ? b : a), undefined);
    if (tenant === undefined) return;
    const rows: FoundShardTenant[] = [];
    for (const { shard, pages } of sides) {
      const row = pages.take(tenant);
      if (row !== undefined) rows.push({ shard, row });
    }
    yield { tenant, placement: directory.take(tenant), rows };
  }
}

async function headOf(pages: Pages<{ readonly tenant: string }>): Promise<string | undefined> {
  return (await pages.head())?.tenant;
}

/** True where `a` is a name that comes before `b` by its bytes. */
function isBelow(a: string | undefined, b: string): boolean {
  return a !== undefined && Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

/** A list that is read page by page, one item ahead. */
class Pages<T extends { readonly tenant: string }> {
  readonly #read: (after: string | undefined) => Promise<readonly T[]>;
  #page: readonly T[] = [];
  #at = 0;
  #after: string | undefined;
  #isLast = false;

  constructor(read: (after: string | undefined) => Promise<readonly T[]>, from?: string) {
    this.#read = read;
    this.#after = from;
  }

  /** The next item; undefined at the end. */
  async head(): Promise<T | undefined> {
    if (this.#at === this.#page.length && !this.#isLast) {
      this.#page = await this.#read(this.#after);
      this.#at = 0;
      this.#isLast = this.#page.length < PAGE_ROWS;
      this.#after = this.#page.at(-1)?.tenant;
    }
    return this.#page[this.#at];
  }

  /** The next item, and goes on behind it, where it is of that tenant. */
  take(tenant: string): T | undefined {
    const item = this.#page[this.#at];
    if (item?.tenant !== tenant) return undefined;
    this.#at += 1;
    return item;
  }
}
