import { Directory, type DirectoryStore, type FoundKey } from '@switchyard/directory';
import { defineTopology, type Placement } from '@switchyard/shard-context';
import { LRUCache } from 'lru-cache';

/** How many tenants share the keys: an API customer has a handful of keys and many sessions. */
export const TENANTS = 50_000;
export const KEY_HASH = { current: { id: 'h1', secret: 'a secret of the bench, 32 bytes...' } };
export const KIND = 'api-key';
const KEY_LENGTH = 24;
const HOUR_MS = 3_600_000;

/** The keys as bytes, so that each use makes a fresh string, as one that comes off a socket is. */
export class KeyRing {
  readonly #bytes: Buffer;

  constructor(count: number) {
    this.#bytes = Buffer.alloc(count * KEY_LENGTH);
    for (let i = 0; i < count; i++) this.#bytes.write(keyText(i), i * KEY_LENGTH, 'latin1');
  }

  fresh(i: number): string {
    return this.#bytes.toString('latin1', i * KEY_LENGTH, (i + 1) * KEY_LENGTH);
  }
}

/** Key number `i`: 24 characters that do not sort like `i`. */
export function keyText(i: number): string {
  const mixed = (Math.imul(i + 1, 0x9e3779b1) >>> 0).toString(36).padStart(7, '0');
  return `ak_live_${mixed}${i.toString(36).padStart(9, 'x')}`;
}

export function tenantOf(i: number): string {
  return `tenant_${i % TENANTS}`;
}

export function placementOf(tenant: string): Placement {
  const shard = `us${(Number(tenant.slice(7)) % 3) + 1}`;
  return {
    tenant,
    shard,
    epoch: 1,
    state: 'active',
    homeRegion: undefined,
    allowedRegions: undefined,
  };
}

/** What a service would write: lru-cache with the keys as strings, answering as a locator does. */
export function plainCache(keys: number) {
  const cache = new LRUCache<string, Placement>({ max: keys, ttl: HOUR_MS });
  const placements = new Map<string, Placement>();
  return {
    fill(value: string, i: number) {
      const tenant = tenantOf(i);
      const placement = placements.get(tenant) ?? placementOf(tenant);
      placements.set(tenant, placement);
      cache.set(value, placement);
    },
    locateKey({ value }: { value: string }): Promise<Placement> {
      const placement = cache.get(value);
      return placement === undefined ? Promise.reject(new TypeError()) : Promise.resolve(placement);
    },
  };
}

/** A topology that is never connected to. */
export function benchTopology() {
  const server = {
    name: 's',
    region: 'us',
    engine: 'mysql' as const,
    writer: { host: 'db.invalid' },
    credentials: () => ({ user: 'u', password: 'p' }),
  };
  const shards = [1, 2, 3].map((n) => ({
    name: `us${n}`,
    ordinal: n,
    server: 's',
    database: `app${n}`,
  }));
  return defineTopology({ fleet: 'bench', regions: ['us'], servers: [server], shards });
}

/** A directory over `store` that has room for so many keys. */
export function benchDirectory(store: DirectoryStore, maxEntries: number): Directory {
  return new Directory({
    store,
    topology: benchTopology(),
    keyHash: KEY_HASH,
    kinds: { [KIND]: { pattern: /^ak_live_[0-9a-z]{16}$/ } },
    cache: {
      maxEntries,
      maxBytes: 2 ** 32,
      softAgeMs: HOUR_MS,
      hardAgeMs: 2 * HOUR_MS,
      pollMs: 0,
      batchSize: 1_000,
      maxWaiting: 20_000,
      deadlineMs: 60_000,
      readTimeoutMs: 60_000,
    },
  });
}

/** Knows a tenant for every key and keeps nothing, so that the cache alone is measured. */
export function madeUpStore(): DirectoryStore {
  const found = async (digests: readonly string[]): Promise<FoundKey[]> =>
    digests.map((digest) => {
      const tenant = tenantOf(Number.parseInt(digest.slice(0, 8), 16));
      const placement = placementOf(tenant);
      return { digest, hashId: 'h1', kind: KIND, tenant, revoked: false, placement };
    });
  return { name: 'made-up', nearestMayLag: false, findKeys: found } as unknown as DirectoryStore;
}

/** Locates all keys once, a thousand at a time. */
export async function warm(directory: Directory, keys: KeyRing, count: number): Promise<void> {
  for (let from = 0; from < count; from += 10_000) {
    const to = Math.min(count, from + 10_000);
    const batch = Array.from({ length: to - from }, (_, k) => ({
      kind: KIND,
      value: keys.fresh(from + k),
    }));
    for (const { outcome } of await directory.locateMany(batch)) {
      if (outcome !== 'found') throw new TypeError(`a key of the bench is ${outcome}`);
    }
  }
}
