import type { Placement } from '@switchyard/shard-context';
import type {
  ChangedPlacements,
  DirectoryStore,
  FoundKey,
  StoredKey,
} from '../contract/directory-store.ts';

/** Keeps keys and placements in this process: for tests and small tools. Lost with it. */
export class MemoryStore implements DirectoryStore {
  readonly name = 'memory';
  readonly nearestMayLag = false;
  readonly #keys = new Map<string, StoredKey>();
  readonly #placements = new Map<string, Placement>();
  readonly #changes: string[] = [];

  /** Nothing to create. */
  async prepare(): Promise<void> {}

  /** @see DirectoryStore.findKeys */
  async findKeys(digests: readonly string[]): Promise<FoundKey[]> {
    return [...new Set(digests)].flatMap((digest) => {
      const key = this.#keys.get(digest);
      return key === undefined ? [] : [{ ...key, placement: this.#placements.get(key.tenant) }];
    });
  }

  /** @see DirectoryStore.findPlacements */
  async findPlacements(tenants: readonly string[]): Promise<Placement[]> {
    return tenants.flatMap((tenant) => this.#placements.get(tenant) ?? []);
  }

  /** @see DirectoryStore.insertKey */
  async insertKey(key: StoredKey): Promise<StoredKey> {
    const stored = this.#keys.get(key.digest) ?? Object.freeze({ ...key });
    this.#keys.set(key.digest, stored);
    return stored;
  }

  /** @see DirectoryStore.revokeKey */
  async revokeKey(digest: string): Promise<boolean> {
    const key = this.#keys.get(digest);
    if (key !== undefined) this.#keys.set(digest, Object.freeze({ ...key, revoked: true }));
    return key !== undefined;
  }

  /** @see DirectoryStore.removeKey */
  async removeKey(digest: string): Promise<void> {
    this.#keys.delete(digest);
  }

  /** @see DirectoryStore.insertPlacement */
  async insertPlacement(placement: Placement): Promise<Placement> {
    const stored = this.#placements.get(placement.tenant) ?? Object.freeze({ ...placement });
    this.#placements.set(placement.tenant, stored);
    return stored;
  }

  /** @see DirectoryStore.replacePlacement */
  async replacePlacement(fromEpoch: number, to: Placement): Promise<Placement | undefined> {
    const stored = this.#placements.get(to.tenant);
    if (stored?.epoch !== fromEpoch) return stored;
    this.#placements.set(to.tenant, Object.freeze({ ...to }));
    this.#changes.push(to.tenant);
    return to;
  }

  /** @see DirectoryStore.keyPage */
  async keyPage(after: string | undefined, limit: number): Promise<StoredKey[]> {
    return pageOf(this.#keys, after, limit);
  }

  /** @see DirectoryStore.placementPage */
  async placementPage(after: string | undefined, limit: number): Promise<Placement[]> {
    return pageOf(this.#placements, after, limit);
  }

  /** @see DirectoryStore.changedPlacements */
  async changedPlacements(since: number | undefined): Promise<ChangedPlacements> {
    const changed = new Set(this.#changes.slice(since ?? this.#changes.length));
    return { placements: await this.findPlacements([...changed]), until: this.#changes.length };
  }

  /** Keeps its rows: a memory store may be handed to the next directory. */
  async close(): Promise<void> {}
}

function pageOf<T>(rows: ReadonlyMap<string, T>, after: string | undefined, limit: number): T[] {
  const bytes = (name: string) => Buffer.from(name);
  const from = after === undefined ? undefined : bytes(after);
  return [...rows]
    .map(([name, row]) => ({ at: bytes(name), row }))
    .filter(({ at }) => from === undefined || Buffer.compare(at, from) > 0)
    .sort((a, b) => Buffer.compare(a.at, b.at))
    .slice(0, limit)
    .map(({ row }) => row);
}
