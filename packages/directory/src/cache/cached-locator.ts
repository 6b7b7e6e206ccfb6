import {
  isSwitchyardError,
  type LocateOptions,
  type Locator,
  type Placement,
  type RoutingKey,
  type TenantNames,
} from '@switchyard/shard-context';

import {
  printName,
  DirectoryUnavailableError,
  KeyUnknownError,
  TenantUnknownError,
} from '@switchyard/shard-context/internal';
import { directoryChannels } from '../contract/channels.ts';
import type { KeyFormats } from '../keys/key-format.ts';
import type { KeyHash } from '../keys/key-hash.ts';
import type { CacheSettings } from './cache-options.ts';
import { tenantName, type Cell, type Entries } from './entries.ts';
import { Fingerprints, nameOfPrint } from './fingerprint.ts';
import type { Health } from './health.ts';
import type { StoreReader, Wait } from './store-reader.ts';

const BACKGROUND: Wait = { deadlineMs: 60_000 };
/** The second read was certainly begun after the call: the first may have been under way. */
const READS_FOR_EPOCH = 2;

/** How a key or tenant is read from the store, once its entry does not answer. */
interface LookUp {
  readonly kind: string | undefined;
  readonly unknown: () => Error;
  readonly read: (from: 'primary' | 'nearest', wait: Wait) => Promise<Placement | undefined>;
}

/** What the locator stands on. */
export interface CachedLocatorParts {
  readonly entries: Entries;
  readonly reader: StoreReader;
  readonly health: Health;
  readonly hash: KeyHash;
  readonly formats: KeyFormats;
  readonly settings: CacheSettings;
  readonly names: TenantNames;
}

/** The locator behind the cache: entries first, then the store, stale entries in need. */
export class CachedLocator implements Locator {
  readonly #parts: CachedLocatorParts;
  readonly #prints = new Fingerprints();

  constructor(parts: CachedLocatorParts) {
    this.#parts = parts;
  }

  /** The placement of the key's tenant. @throws KeyUnknownError, DirectoryUnavailableError */
  locateKey(key: RoutingKey, options?: LocateOptions): Promise<Placement> {
    if (!this.#parts.formats.isNameable(key)) return Promise.reject(malformed(key));
    const print = this.#prints.of(key.kind, key.value);
    const cell = this.#parts.entries.freshKey(print);
    if (cell !== undefined && satisfies(cell, options)) {
      if (directoryChannels.hit.hasSubscribers) directoryChannels.hit.publish({ kind: key.kind });
      return cell.answer;
    }
    return this.#locateUncachedKey(key, nameOfPrint(print), options);
  }

  /**
   * The placement of the tenant.
   * @throws TenantNameRefusedError, TenantUnknownError, DirectoryUnavailableError
   */
  locateTenant(tenant: string, options?: LocateOptions): Promise<Placement> {
    const cell = this.#parts.entries.cellOfTenant(tenant);
    if (this.#isHit(cell, options)) return cell.answer;
    return this.#locateUncachedTenant(tenant, cell, options);
  }

  /** The placement of the tenant where an entry answers; else undefined, and nothing is read. */
  cachedTenant(tenant: string, options?: LocateOptions): Placement | undefined {
    const cell = this.#parts.entries.cellOfTenant(tenant);
    return this.#isHit(cell, options) ? cell.placement : undefined;
  }

  #isHit(cell: Cell | undefined, options: LocateOptions | undefined): cell is Cell {
    if (cell === undefined || this.#parts.entries.ageOfCell(cell) !== 'fresh') return false;
    if (!satisfies(cell, options)) return false;
    if (directoryChannels.hit.hasSubscribers) directoryChannels.hit.publish({ kind: undefined });
    return true;
  }

  /** The name under which this process's cache knows a key. */
  nameOf(key: RoutingKey): string {
    return nameOfPrint(this.#prints.of(key.kind, key.value));
  }

  async #locateUncachedKey(key: RoutingKey, name: string, options: LocateOptions = {}) {
    const { entries, formats, hash, reader } = this.#parts;
    const found = entries.agedKey(name);
    if (found === undefined && !formats.isWellFormed(key)) throw malformed(key);
    const { kind } = key;
    const digests = hash.digests(key); // made here: nothing that waits may hold the key itself
    const unknown = () => new KeyUnknownError(kind);
    const lookUp: LookUp = {
      kind,
      unknown,
      read: (from, wait) => reader.key(name, kind, () => digests, from, wait),
    };
    if (found === undefined && entries.isUnknown(name)) throw denied(kind, unknown());
    return this.#answer(lookUp, found?.cell, found?.age, options);
  }

  async #locateUncachedTenant(tenant: string, cell: Cell | undefined, options: LocateOptions = {}) {
    const { entries, reader } = this.#parts;
    const unknown = () => new TenantUnknownError(tenant);
    this.#parts.names.check('locate a tenant', tenant);
    const asksAgain = options.minEpoch !== undefined;
    if (cell === undefined && !asksAgain && entries.isUnknown(tenantName(tenant))) {
      throw denied(undefined, unknown());
    }
    const lookUp: LookUp = {
      kind: undefined,
      unknown,
      read: (from, wait) => reader.tenant(tenant, from, wait),
    };
    const age = cell === undefined ? undefined : entries.ageOfCell(cell);
    return this.#answer(lookUp, cell, age, options);
  }

  async #answer(
    lookUp: LookUp,
    cell: Cell | undefined,
    age: 'fresh' | 'soft' | 'hard' | undefined,
    options: LocateOptions,
  ): Promise<Placement> {
    if (options.minEpoch !== undefined) cell?.refuseBelow(options.minEpoch);
    const minEpoch = Math.max(options.minEpoch ?? 0, cell?.minEpoch ?? 0);
    const known = cell?.placement;
    const mayServe = known !== undefined && known.epoch >= (options.minEpoch ?? 0);
    if (mayServe && age === 'soft') return this.#serveAndRefresh(lookUp, known);
    if (directoryChannels.miss.hasSubscribers) directoryChannels.miss.publish(lookUp);
    try {
      return await this.#read(lookUp, minEpoch, options.signal);
    } catch (error) {
      if (error instanceof PlacementBehindError) cell?.refuseNothing();
      if (options.signal?.aborted === true || !isUnavailable(error)) throw error;
      if (!mayServe) throw error;
      return stale(lookUp, known, 'unavailable');
    }
  }

  #serveAndRefresh(lookUp: LookUp, known: Placement): Placement {
    if (this.#parts.health.mayRead()) lookUp.read('nearest', BACKGROUND).catch(() => undefined);
    return stale(lookUp, known, 'refreshing');
  }

  async #read(lookUp: LookUp, minEpoch: number, signal: AbortSignal | undefined) {
    if (!this.#parts.health.mayRead()) {
      throw new DirectoryUnavailableError(attemptOf(lookUp), { reason: 'its store is down' });
    }
    const wait = { deadlineMs: this.#parts.settings.deadlineMs, signal };
    const from = minEpoch > 0 ? 'primary' : 'nearest';
    let found: Placement | undefined;
    for (let reads = 0; reads < READS_FOR_EPOCH; reads++) {
      found = await this.#readOnce(lookUp, from, wait);
      if (found === undefined) throw denied(lookUp.kind, lookUp.unknown());
      if (found.epoch >= minEpoch) return found;
    }
    throw new PlacementBehindError(found as Placement, minEpoch);
  }

  async #readOnce(lookUp: LookUp, from: 'primary' | 'nearest', wait: Wait) {
    try {
      return await lookUp.read(from, wait);
    } catch (cause) {
      if (wait.signal?.aborted === true || isSwitchyardError(cause)) throw cause;
      throw new DirectoryUnavailableError(attemptOf(lookUp), { cause });
    }
  }
}

/**
 * The store has answered, and its placement is older than a shard's: the switch is under way, the
 * first assignment was killed half-way, or the store was restored from a backup.
 */
export class PlacementBehindError extends DirectoryUnavailableError {
  readonly placement: Placement;
  readonly minEpoch: number;
  constructor(placement: Placement, minEpoch: number, options?: { cause?: unknown }) {
    super(`locate tenant ${printName(placement.tenant)}`, {
      reason: `the directory is at epoch ${placement.epoch}, and ${minEpoch} was asked for`,
      ...options,
    });
    this.placement = placement;
    this.minEpoch = minEpoch;
  }

  /** The same, where the shard could not be asked either. */
  because(cause: unknown): PlacementBehindError {
    return new PlacementBehindError(this.placement, this.minEpoch, { cause });
  }
}

function malformed(key: RoutingKey): KeyUnknownError {
  return new KeyUnknownError(String(key?.kind), 'it cannot be a key of its kind');
}

function satisfies(cell: Cell, options: LocateOptions | undefined): boolean {
  return options?.minEpoch === undefined || (cell.placement as Placement).epoch >= options.minEpoch;
}

function isUnavailable(error: unknown): boolean {
  return isSwitchyardError(error, DirectoryUnavailableError.code);
}

function attemptOf({ kind }: LookUp): string {
  return kind === undefined ? 'locate a tenant' : `locate a routing key of kind ${kind}`;
}

function stale({ kind }: LookUp, known: Placement, why: 'refreshing' | 'unavailable'): Placement {
  if (directoryChannels.stale.hasSubscribers) directoryChannels.stale.publish({ kind, why });
  return known;
}

function denied(kind: string | undefined, error: Error): Error {
  if (directoryChannels.negative.hasSubscribers) directoryChannels.negative.publish({ kind });
  return error;
}
