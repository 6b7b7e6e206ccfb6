import type { Placement } from '@switchyard/shard-context';
import { LRUCache } from 'lru-cache';
import { directoryChannels } from '../channels.ts';
import type { CacheSettings } from './cache-options.ts';

/** What an entry of a key costs: its name (32), and its place in lru-cache. Measured, rounded up. */
const KEY_BYTES = 112;
/** What an entry of a tenant costs beside its texts. */
const TENANT_BYTES = 320;
const JITTER = 0.2;

/**
 * One tenant's place in the cache. All its keys point to it, so that a change of placement is one
 * assignment, and no key can lag behind its siblings.
 */
export class Cell {
  readonly tenant: string;
  /** Undefined once the tenant was pushed out; its keys then count as not cached. */
  placement: Placement | undefined;
  /** When the placement was read, on the cache's clock. */
  readAt: number;
  /** This cell's ages, jittered. */
  softMs: number;
  /** A shard has refused lower epochs: lower ones are not served while the store answers. */
  minEpoch = 0;

  constructor(placement: Placement, readAt: number, softMs: number) {
    this.tenant = placement.tenant;
    this.placement = placement;
    this.readAt = readAt;
    this.softMs = softMs;
  }
}

/** How old what was found is: served, served and refreshed, or served only in need. */
export type Age = 'fresh' | 'soft' | 'hard';

/** What the cache remembers: keys, tenants, and for a moment what is unknown. No I/O. */
export class Entries {
  readonly #settings: CacheSettings;
  readonly #keys: LRUCache<string, Cell>;
  readonly #tenants: LRUCache<string, Cell>;
  readonly #unknown: LRUCache<string, true>;
  // lru-cache answers an entry's age only through this object; one is enough, nothing here awaits.
  readonly #status: LRUCache.Status<string, Cell, unknown> = {};
  readonly #asked = { status: this.#status };

  constructor(settings: CacheSettings) {
    this.#settings = settings;
    const half = settings.maxBytes / 2;
    const perf = settings.clock;
    // A fake clock may step at any time; the real one is read once a millisecond.
    const aged = { perf, ttlResolution: perf === performance ? 1 : 0, allowStale: true };
    const max = Math.max(1, Math.min(settings.maxEntries, Math.floor(half / KEY_BYTES)));
    this.#keys = new LRUCache({
      ...aged,
      max,
      ttl: settings.softAgeMs,
      noDeleteOnStaleGet: true,
    });
    this.#tenants = new LRUCache({
      max,
      maxSize: Math.max(TENANT_BYTES * 2, Math.floor(half)),
      sizeCalculation: ({ placement }) => TENANT_BYTES + textBytes(placement),
      dispose: (cell) => (cell.placement = undefined),
    });
    this.#unknown = new LRUCache({
      ...aged,
      allowStale: false,
      max: Math.max(1, Math.min(10_000, max)),
      ttl: settings.negativeAgeMs,
    });
  }

  /** How many keys and tenants are remembered. */
  get size(): { keys: number; tenants: number; unknown: number } {
    return { keys: this.#keys.size, tenants: this.#tenants.size, unknown: this.#unknown.size };
  }

  /** The cell of a key. Ask `ageOfKey` next, before anything else is asked. */
  cellOfKey(name: string): Cell | undefined {
    this.#status.get = undefined as never;
    const cell = this.#keys.get(name, this.#asked);
    return cell?.placement === undefined ? undefined : cell;
  }

  /** The age of what `cellOfKey` has just answered: the older of key and placement. */
  ageOfKey(cell: Cell): Age {
    const { get, ttl, start, now } = this.#status;
    const ofCell = this.ageOfCell(cell, now);
    if (get !== 'stale' || ofCell === 'hard') return ofCell;
    const hardMs = ((ttl ?? 0) * this.#settings.hardAgeMs) / this.#settings.softAgeMs;
    return (now ?? 0) - (start ?? 0) < hardMs ? 'soft' : 'hard';
  }

  /** The cell of a tenant. */
  cellOfTenant(tenant: string): Cell | undefined {
    return this.#tenants.get(tenant);
  }

  /** The age of a cell. */
  ageOfCell(cell: Cell, now = this.#settings.clock.now()): Age {
    const age = now - cell.readAt;
    if (age < cell.softMs && (cell.placement as Placement).epoch >= cell.minEpoch) return 'fresh';
    const { softAgeMs, hardAgeMs } = this.#settings;
    const hard = age >= (cell.softMs * hardAgeMs) / softAgeMs;
    return hard || (cell.placement as Placement).epoch < cell.minEpoch ? 'hard' : 'soft';
  }

  /** True where the name was found unknown a moment ago. */
  isUnknown(name: string): boolean {
    return this.#unknown.get(name) === true;
  }

  /** Remembers that a key names a tenant, and the tenant's placement. */
  rememberKey(name: string, placement: Placement): Placement {
    const cell = this.#cellFor(placement);
    this.#unknown.delete(name);
    this.#keys.set(name, cell, { ttl: this.#jittered(this.#settings.softAgeMs) });
    return cell.placement as Placement;
  }

  /** Remembers a placement; answers the newest known, which may be another. */
  rememberPlacement(placement: Placement): Placement {
    return this.#cellFor(placement).placement as Placement;
  }

  /** Takes over a placement where its tenant is remembered, and does nothing otherwise. */
  refreshPlacement(placement: Placement): void {
    if (this.#tenants.peek(placement.tenant) !== undefined) this.#cellFor(placement);
  }

  /** Remembers for a moment that a key or tenant is unknown. */
  rememberUnknown(name: string): void {
    this.#keys.delete(name);
    this.#unknown.set(name, true);
  }

  /** Forgets what was known or unknown of a name. */
  forget(name: string): void {
    this.#keys.delete(name);
    this.#unknown.delete(name);
  }

  #cellFor(placement: Placement): Cell {
    const now = this.#settings.clock.now();
    this.#unknown.delete(tenantName(placement.tenant));
    const cell = this.#tenants.get(placement.tenant);
    if (cell === undefined) {
      const made = new Cell(
        Object.freeze(placement),
        now,
        this.#jittered(this.#settings.softAgeMs),
      );
      this.#tenants.set(placement.tenant, made);
      return made;
    }
    accept(cell, placement, now);
    return cell;
  }

  #jittered(ms: number): number {
    return ms * (1 - JITTER / 2 + Math.random() * JITTER);
  }
}

/** A slow read may return late: an entry of a lower epoch never replaces a higher one. */
function accept(cell: Cell, placement: Placement, now: number): void {
  const known = cell.placement as Placement;
  if (placement.epoch < known.epoch) return;
  if (placement.epoch > known.epoch && directoryChannels.moved.hasSubscribers) {
    const { tenant, shard, epoch } = placement;
    directoryChannels.moved.publish({ tenant, shard, epoch });
  }
  cell.placement = Object.freeze(placement);
  cell.readAt = now;
}

/** How unknown tenants are told from unknown keys, whose names have eight units. */
export function tenantName(tenant: string): string {
  return `tenant:${tenant}`;
}

function textBytes(placement: Placement | undefined): number {
  const regions = (placement?.allowedRegions ?? []).reduce((n, region) => n + region.length, 0);
  return 2 * ((placement?.tenant.length ?? 0) * 2 + regions);
}
