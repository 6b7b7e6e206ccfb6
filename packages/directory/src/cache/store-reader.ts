import { performance } from 'node:perf_hooks';
import { type Placement } from '@switchyard/shard-context';
import { printName } from '@switchyard/shard-context/internal';
import { directoryChannels, type StoreRead } from '../contract/channels.ts';
import type { DirectoryStore, FoundKey, StoreReadOptions } from '../contract/directory-store.ts';
import type { KeyDigest } from '../keys/key-hash.ts';
import type { CacheSettings } from './cache-options.ts';
import { tenantName, type Entries } from './entries.ts';
import { Gatherer, ReadSlots, type Flight } from './gatherer.ts';
import type { Health } from './health.ts';

type From = StoreReadOptions['from'];
type KeyFlight = Flight<readonly KeyDigest[], Placement>;
type TenantFlight = Flight<string, Placement>;

/** What a caller waits by. */
export interface Wait {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the store for the cache: gathered, timed, noted in the health, and remembered in the
 * entries once per read, for all that wait. Nearest and primary reads never share a flight.
 */
export class StoreReader {
  readonly #store: DirectoryStore;
  readonly #entries: Entries;
  readonly #health: Health;
  readonly #settings: CacheSettings;
  readonly #keys: Record<From, Gatherer<readonly KeyDigest[], Placement>>;
  readonly #tenants: Record<From, Gatherer<string, Placement>>;

  constructor(store: DirectoryStore, entries: Entries, health: Health, settings: CacheSettings) {
    this.#store = store;
    this.#entries = entries;
    this.#health = health;
    this.#settings = settings;
    const slots = new ReadSlots(settings.maxReads);
    const keys = (from: From) =>
      new Gatherer((batch: readonly KeyFlight[]) => this.#readKeys(batch, from), slots, settings);
    const tenants = (from: From) =>
      new Gatherer(
        (batch: readonly TenantFlight[]) => this.#readTenants(batch, from),
        slots,
        settings,
      );
    this.#keys = { nearest: keys('nearest'), primary: keys('primary') };
    this.#tenants = { nearest: tenants('nearest'), primary: tenants('primary') };
  }

  /** Names that wait for a read or are being read. */
  get waiting(): number {
    const all = [
      this.#keys.nearest,
      this.#keys.primary,
      this.#tenants.nearest,
      this.#tenants.primary,
    ];
    return all.reduce((sum, gatherer) => sum + gatherer.waiting, 0);
  }

  /** The placement of a key's tenant; undefined where the key is unknown. */
  key(name: string, kind: string, digests: () => readonly KeyDigest[], from: From, wait: Wait) {
    return this.#keys[from].load(`locate a routing key of kind ${kind}`, name, digests, wait);
  }

  /** The placement of a tenant; undefined where it has none. */
  tenant(tenant: string, from: From, wait: Wait) {
    return this.#tenants[from].load(
      `locate tenant ${printName(tenant)}`,
      tenant,
      () => tenant,
      wait,
    );
  }

  /** Notes that a key or tenant was created here: look-ups under way must not deny it. */
  created(names: { key?: string; tenant?: string }): void {
    for (const from of ['nearest', 'primary'] as const) {
      if (names.key !== undefined) this.#keys[from].created(names.key);
      if (names.tenant !== undefined) this.#tenants[from].created(names.tenant);
    }
  }

  /** Notes that a key was revoked here: look-ups under way must not remember it. */
  revoked(key: string): void {
    for (const from of ['nearest', 'primary'] as const) this.#keys[from].revoked(key);
  }

  async #readKeys(batch: readonly KeyFlight[], from: From): Promise<void> {
    const placements = await this.#findKeys(batch, from);
    const denied = batch.filter((flight) => !placements.has(flight));
    const doubtful = denied.filter(({ created }) => created || this.#mayLag(from));
    if (doubtful.length > 0) {
      for (const [flight, found] of await this.#findKeys(doubtful, 'primary')) {
        placements.set(flight, found);
      }
    }
    for (const flight of batch) {
      const found = flight.revoked ? undefined : placements.get(flight);
      if (found === undefined) this.#entries.rememberUnknown(flight.name);
      flight.resolve(found && this.#entries.rememberKey(flight.name, found));
    }
  }

  async #findKeys(batch: readonly KeyFlight[], from: From): Promise<Map<KeyFlight, Placement>> {
    const digests = batch.flatMap(({ query }) => query.map(({ digest }) => digest));
    const found = await this.#timed('keys', from, batch.length, (read) =>
      this.#store.findKeys(digests, read),
    );
    const byDigest = new Map(found.map((key) => [key.digest, key]));
    const placements = new Map<KeyFlight, Placement>();
    for (const flight of batch) {
      const key = firstOf(flight.query, byDigest);
      if (key?.placement !== undefined && !key.revoked) placements.set(flight, key.placement);
    }
    return placements;
  }

  async #readTenants(batch: readonly TenantFlight[], from: From): Promise<void> {
    const placements = await this.#findTenants(batch, from);
    const denied = batch.filter(({ query }) => !placements.has(query));
    const doubtful = denied.filter(({ created }) => created || this.#mayLag(from));
    if (doubtful.length > 0) {
      for (const [tenant, found] of await this.#findTenants(doubtful, 'primary')) {
        placements.set(tenant, found);
      }
    }
    for (const flight of batch) {
      const found = placements.get(flight.query);
      if (found === undefined) this.#entries.rememberUnknown(tenantName(flight.query));
      flight.resolve(found && this.#entries.rememberPlacement(found));
    }
  }

  async #findTenants(batch: readonly TenantFlight[], from: From): Promise<Map<string, Placement>> {
    const tenants = batch.map(({ query }) => query);
    const found = await this.#timed('placements', from, batch.length, (read) =>
      this.#store.findPlacements(tenants, read),
    );
    return new Map(found.map((placement) => [placement.tenant, placement]));
  }

  #mayLag(from: From): boolean {
    return from === 'nearest' && this.#store.nearestMayLag;
  }

  /** One read with its timeout; the store gives up its connection when the signal comes. */
  async #timed<T>(
    of: StoreRead['of'],
    from: From,
    batch: number,
    read: (options: StoreReadOptions) => Promise<T>,
  ): Promise<T> {
    const began = performance.now();
    let failed = true;
    try {
      const answer = await timeLimited(this.#settings.readTimeoutMs, (signal) =>
        read({ from, signal }),
      );
      failed = false;
      this.#health.succeeded();
      return answer;
    } catch (error) {
      this.#health.failed(error);
      throw error;
    } finally {
      if (directoryChannels.read.hasSubscribers) {
        const ms = performance.now() - began;
        directoryChannels.read.publish({ store: this.#store.name, of, from, batch, ms, failed });
      }
    }
  }
}

/** Current secret first: the digests come in that order. */
function firstOf(
  digests: readonly KeyDigest[],
  found: Map<string, FoundKey>,
): FoundKey | undefined {
  for (const { digest } of digests) {
    const key = found.get(digest);
    if (key !== undefined) return key;
  }
  return undefined;
}

/** Rejects when the time is over, also where the store does not heed the signal. */
export async function timeLimited<T>(
  ms: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const reason = new DOMException(`no answer within ${ms} ms`, 'TimeoutError');
      over.abort(reason);
      reject(reason);
    }, ms);
  });
  try {
    return await Promise.race([run(over.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
