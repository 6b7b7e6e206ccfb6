import type { Placement } from '@switchyard/shard-context';
import { LRUCache } from 'lru-cache';
import { directoryChannels } from '../contract/channels.ts';
import type { CacheSettings } from './cache-options.ts';
import { printOfName, type Print } from './fingerprint.ts';
import { BYTES_PER_ENTRY, KeyTable } from './key-table.ts';

/** What an entry of a tenant costs beside its texts. */
const TENANT_BYTES = 320;
const JITTER = 0.2;

/**
 * One tenant's place in the cache. All its keys point to it, so that a change of placement is one
 * assignment, and no key can lag behind its siblings. Times are whole milliseconds: a fraction would
 * be an object of its own, and a hit would wait for one more piece of memory.
 */
export class Cell {
  /** Until when it may be served without a second thought; 0 where it may not. */
  freshUntil = 0;
  /** The placement as a promise, made once: a promise per hit would cost more than the look-up. */
  answer: Promise<Placement>;
  /** Undefined once the tenant was pushed out; its keys then count as not cached. */
  placement: Placement | undefined;
  #readAt = 0;
  readonly #softMs: number;
  #minEpoch = 0;

  constructor(placement: Placement, now: number, softMs: number) {
    this.placement = Object.freeze(placement);
    this.answer = Promise.resolve(placement);
    this.#softMs = Math.ceil(softMs);
    this.#read(now);
  }

  /** A shard has refused lower epochs: lower ones are not served while the store answers. */
  get minEpoch(): number {
    return this.#minEpoch;
  }

  /** Age of the placement as a part of its soft age: stale from 1 on. */
  softAges(now: number): number {
    return (now - this.#readAt) / this.#softMs;
  }

  /** Asks for at least that epoch from now on. */
  refuseBelow(epoch: number): void {
    this.#minEpoch = Math.max(this.#minEpoch, epoch);
    if ((this.placement?.epoch ?? 0) < this.#minEpoch) this.freshUntil = 0;
  }

  /** The store itself has nothing newer: asking again for each look-up would not help. */
  refuseNothing(): void {
    this.#minEpoch = 0;
    if (this.placement !== undefined) this.freshUntil = this.#readAt + this.#softMs;
  }

  /** A slow read may return late: a placement of a lower epoch never replaces a higher one. */
  accept(placement: Placement, now: number): void {
    const known = this.placement as Placement;
    if (placement.epoch < known.epoch) return;
    if (placement.epoch > known.epoch && directoryChannels.moved.hasSubscribers) {
      const { tenant, shard, epoch } = placement;
      directoryChannels.moved.publish({ tenant, shard, epoch });
    }
    this.placement = Object.freeze(placement);
    this.answer = Promise.resolve(placement);
    this.#read(now);
  }

  /** Its tenant was pushed out of the cache. */
  empty(): void {
    this.placement = undefined;
    this.freshUntil = 0;
  }

  #read(now: number): void {
    this.#readAt = now;
    this.freshUntil = now + this.#softMs;
    this.refuseBelow(this.#minEpoch);
  }
}

/** The age of an entry: served, served and refreshed, or served only in need. */
export type Age = 'fresh' | 'soft' | 'hard';

/** What the cache remembers: keys, tenants, and for a moment unknown names. No I/O. */
export class Entries {
  readonly #settings: CacheSettings;
  readonly #keys: KeyTable<Cell>;
  readonly #tenants: LRUCache<string, Cell>;
  readonly #unknown: LRUCache<string, true>;

  constructor(settings: CacheSettings) {
    this.#settings = settings;
    const half = settings.maxBytes / 2;
    const max = Math.max(1, Math.min(settings.maxEntries, Math.floor(half / BYTES_PER_ENTRY)));
    this.#keys = new KeyTable(max);
    // Without `max`, which would reserve places for as many tenants as keys.
    this.#tenants = new LRUCache({
      maxSize: Math.max(TENANT_BYTES * 2, Math.floor(half)),
      sizeCalculation: ({ placement }) => TENANT_BYTES + textBytes(placement),
      dispose: (cell) => cell.empty(),
    });
    this.#unknown = new LRUCache({
      perf: settings.clock,
      ttlResolution: 0, // the clock itself is coarse
      max: Math.max(1, Math.min(10_000, max)),
      ttl: settings.negativeAgeMs,
    });
  }

  /** How many keys and tenants are remembered. */
  get size(): { keys: number; tenants: number; unknown: number } {
    return { keys: this.#keys.size, tenants: this.#tenants.size, unknown: this.#unknown.size };
  }

  /** The cell of a key, where it may be served as it is. */
  freshKey(print: Print): Cell | undefined {
    const slot = this.#keys.find(print);
    if (slot < 0) return undefined;
    const now = this.#now();
    if (now - this.#keys.timeAt(slot) >= this.#softMsOf(print)) return undefined;
    const cell = this.#keys.valueAt(slot);
    return now < cell.freshUntil ? cell : undefined;
  }

  /** The cell of a key, however old, and its age: the older of key and placement. */
  agedKey(name: string): { cell: Cell; age: Age } | undefined {
    const print = printOfName(name);
    const slot = this.#keys.find(print);
    if (slot < 0) return undefined;
    const cell = this.#keys.valueAt(slot);
    if (cell.placement === undefined) return undefined;
    const ofCell = this.ageOfCell(cell);
    const softAges = (this.#now() - this.#keys.timeAt(slot)) / this.#softMsOf(print);
    if (softAges < 1 || ofCell === 'hard') return { cell, age: ofCell };
    return { cell, age: softAges < this.#hardPerSoft ? 'soft' : 'hard' };
  }

  /** The cell of a tenant. */
  cellOfTenant(tenant: string): Cell | undefined {
    return this.#tenants.get(tenant);
  }

  /** The age of a cell. */
  ageOfCell(cell: Cell): Age {
    const now = this.#now();
    if (now < cell.freshUntil) return 'fresh';
    const isRefused = (cell.placement as Placement).epoch < cell.minEpoch;
    return isRefused || cell.softAges(now) >= this.#hardPerSoft ? 'hard' : 'soft';
  }

  /** True where the name was found unknown a moment ago. */
  isUnknown(name: string): boolean {
    return this.#unknown.get(name) === true;
  }

  /** Remembers that a key names a tenant, and the tenant's placement. */
  rememberKey(name: string, placement: Placement): Placement {
    const cell = this.#cellFor(placement);
    this.#unknown.delete(name);
    this.#keys.set(printOfName(name), cell, this.#now());
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
    this.#keys.delete(printOfName(name));
    this.#unknown.set(name, true);
  }

  /** Forgets a name, known or unknown. */
  forget(name: string): void {
    this.#keys.delete(printOfName(name));
    this.#unknown.delete(name);
  }

  #cellFor(placement: Placement): Cell {
    const now = this.#now();
    this.#unknown.delete(tenantName(placement.tenant));
    const cell = this.#tenants.get(placement.tenant);
    if (cell === undefined) {
      const made = new Cell(
        Object.freeze(placement),
        now,
        this.#settings.softAgeMs * jitter(Math.random()),
      );
      this.#tenants.set(placement.tenant, made);
      return made;
    }
    cell.accept(placement, now);
    return cell;
  }

  get #hardPerSoft(): number {
    return this.#settings.hardAgeMs / this.#settings.softAgeMs;
  }

  #now(): number {
    return Math.floor(this.#settings.clock.now());
  }

  /** The soft age of a key. Its jitter comes of its print, which is random in each process. */
  #softMsOf(print: Print): number {
    return this.#settings.softAgeMs * jitter(((print[3] as number) >>> 0) / 2 ** 32);
  }
}

/** Ages differ, so that entries of one read are not read again together. `part`: from 0 to 1. */
function jitter(part: number): number {
  return 1 - JITTER / 2 + part * JITTER;
}

/** How unknown tenants are told from unknown keys, whose names have eight units. */
export function tenantName(tenant: string): string {
  return `tenant:${tenant}`;
}

function textBytes(placement: Placement | undefined): number {
  const regions = (placement?.allowedRegions ?? []).reduce((n, region) => n + region.length, 0);
  return 2 * ((placement?.tenant.length ?? 0) * 2 + regions);
}
