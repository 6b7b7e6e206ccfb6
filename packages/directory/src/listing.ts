import type { Placement } from '@switchyard/shard-context';
import type { StoredKey } from './contract/directory-store.ts';

/** A page of a listing. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Give it to the next call; undefined at the end. */
  readonly next: string | undefined;
}

/** Where a page begins and how long it is. */
export interface PageOptions {
  readonly after?: string | undefined;
  /** Default 1,000. */
  readonly limit?: number;
}

/** A line of an export. Keys are exported as they are stored: hashed. */
export type ExportedRow =
  | { readonly row: 'placement'; readonly placement: Placement }
  | { readonly row: 'key'; readonly key: StoredKey };

/** Every item of a listing, read page by page of `limit` items. @internal */
export async function* every<T>(
  pageAt: (options: PageOptions) => Promise<Page<T>>,
  limit: number | undefined,
): AsyncGenerator<T> {
  const size = limit === undefined ? {} : { limit };
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await pageAt({ after, ...size });
    yield* page.items;
    after = page.next;
  }
}
