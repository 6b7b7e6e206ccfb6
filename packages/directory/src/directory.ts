import {
  outsideContext,
  type LocateOptions,
  type Locator,
  type Placement,
  type RoutingKey,
  type ShardTenants,
  type Topology,
} from '@switchyard/shard-context';
import { printName } from '@switchyard/shard-context/internal';
import { Assignment } from './placement/assignment.ts';
import { CachedLocator, PlacementBehindError } from './cache/cached-locator.ts';
import { cacheSettings, type CacheOptions, type CacheSettings } from './cache/cache-options.ts';
import { Entries } from './cache/entries.ts';
import { EpochPoll } from './cache/epoch-poll.ts';
import { Health, type StoreHealth } from './cache/health.ts';
import { StoreReader } from './cache/store-reader.ts';
import type { DirectoryStore, StoredKey } from './contract/directory-store.ts';
import {
  DirectoryOptionsInvalidError,
  PlacementChangedError,
  PlacementInvalidError,
} from './contract/errors.ts';
import { KeyBook } from './key-book.ts';
import { every, type ExportedRow, type Page, type PageOptions } from './listing.ts';
import { KeyFormats, type KeyKind } from './keys/key-format.ts';
import { KeyHash, type KeyHashOptions } from './keys/key-hash.ts';
import { isAllowed, type AssignmentWish } from './placement/placement-policy.ts';
import { StoreCalls } from './cache/store-calls.ts';
import { audit, type AuditOptions, type AuditReport } from './audit/audit.ts';
import { rebuild, type RebuildOptions, type RebuildParts, type Repair } from './audit/rebuild.ts';
import { outcomeOf, type LocateOutcome } from './locate-outcome.ts';
import { Settlement } from './moves/settlement.ts';
import { samePlacement } from './placement/same-placement.ts';

const DEFAULT_PAGE_ROWS = 1_000;

/** What a directory is made with. */
export interface DirectoryOptions {
  /** Where keys and placements are kept: `MySqlStore`, `MongoStore`, `MemoryStore`. */
  readonly store: DirectoryStore;
  readonly topology: Topology;
  /** The secrets under which routing keys are hashed before they are stored. */
  readonly keyHash: KeyHashOptions;
  /**
   * The tenants' rows on the shards, from `models`. Without it an assignment is not told to the
   * shard, which suits processes that only look up.
   */
  readonly shardTenants?: ShardTenants;
  readonly cache?: CacheOptions;
  /** The form of each kind of key, checked before any look-up. */
  readonly kinds?: Readonly<Record<string, KeyKind>>;
}

/** What the directory of this process is doing. */
export interface DirectoryHealth extends StoreHealth {
  readonly store: string;
  /** Keys and tenants that wait for a read. */
  readonly waiting: number;
  readonly entries: { readonly keys: number; readonly tenants: number; readonly unknown: number };
  /** How changes of placements are heard of before entries grow old. */
  readonly hears: 'nothing' | 'by asking' | 'by stream and asking';
}

/**
 * Where does this key live? Routing keys → tenants → placements, in one of three stores behind one
 * cache. The shard's fence makes a stale answer harmless, so the directory may be stale and must be
 * fast; what it may never be is wrong about *unknown*.
 */
export class Directory implements Locator {
  readonly topology: Topology;
  readonly #calls: StoreCalls;
  readonly #entries: Entries;
  readonly #health: Health;
  readonly #reader: StoreReader;
  readonly #locator: CachedLocator;
  readonly #keys: KeyBook;
  readonly #assignment: Assignment;
  readonly #settlement: Settlement | undefined;
  readonly #shardTenants: ShardTenants | undefined;
  readonly #poll: EpochPoll;
  #closed: Promise<void> | undefined;

  /** Opens nothing: the first look-up does. @throws DirectoryOptionsInvalidError */
  constructor(options: DirectoryOptions) {
    const settings: CacheSettings = cacheSettings(options.cache);
    const formats = new KeyFormats(options.kinds);
    const hash = new KeyHash(options.keyHash);
    const { store } = options;
    this.topology = options.topology;
    this.#calls = new StoreCalls(store);
    this.#entries = new Entries(settings);
    this.#health = new Health(store.name, settings.clock);
    const [entries, health] = [this.#entries, this.#health];
    this.#reader = new StoreReader(store, entries, health, settings);
    const reader = this.#reader;
    const names = this.topology.tenantNames;
    this.#locator = new CachedLocator({ entries, reader, health, hash, formats, settings, names });
    this.#keys = new KeyBook(this.#calls, hash, formats);
    const { topology, shardTenants: tenants } = options;
    const assignment = new Assignment(this.#calls, topology, tenants);
    this.#assignment = assignment;
    this.#shardTenants = tenants;
    const parts = { book: this, assignment, topology };
    this.#settlement = tenants && new Settlement({ ...parts, tenants });
    this.#poll = new EpochPoll(store, entries, health, settings);
  }

  /** Creates the store's tables and indexes. Idempotent; `switchyard prepare` calls it. */
  async prepare(): Promise<void> {
    await outsideContext(() => this.#calls.store.prepare());
  }

  /**
   * The placement of the key's tenant. A hit answers without I/O.
   * @throws KeyUnknownError, DirectoryUnavailableError
   */
  locateKey(key: RoutingKey, options?: LocateOptions): Promise<Placement> {
    this.#poll.start();
    if (options?.minEpoch === undefined) return this.#locator.locateKey(key, options);
    return this.#settling(this.#locator.locateKey(key, options));
  }

  /**
   * The tenant's placement; with `minEpoch`, from the store's primary where the cache's is older.
   * @throws TenantNameRefusedError, TenantUnknownError, DirectoryUnavailableError
   */
  locateTenant(tenant: string, options?: LocateOptions): Promise<Placement> {
    this.#poll.start();
    if (options?.minEpoch === undefined) return this.#locator.locateTenant(tenant, options);
    return this.#settling(this.#locator.locateTenant(tenant, options));
  }

  /** The tenant's placement where the cache has it, fresh enough; else undefined. No I/O. */
  cachedTenant(tenant: string, options?: LocateOptions): Placement | undefined {
    return this.#locator.cachedTenant(tenant, options);
  }

  /** Many keys at once, one outcome each, in their order; keys that are not cached are read in batches. */
  locateMany(keys: readonly RoutingKey[], options?: LocateOptions): Promise<LocateOutcome[]> {
    return Promise.all(keys.map((key) => outcomeOf(this.locateKey(key, options))));
  }

  /**
   * Lets the key name the tenant, for good. Adding it again for the same tenant changes nothing.
   * @throws TenantNameRefusedError, KeyMalformedError, KeyTakenError, TenantUnknownError,
   *   DirectoryUnavailableError
   */
  async addKey(key: RoutingKey, tenant: string): Promise<void> {
    this.topology.tenantNames.check('add a routing key', tenant);
    await this.#keys.add(key, tenant);
    const name = this.#locator.nameOf(key);
    this.#entries.forget(name);
    this.#reader.created({ key: name });
  }

  /**
   * Ends the key for good: unknown here at once, elsewhere when its entry is older than the soft
   * age. False where there was no such key. @throws DirectoryUnavailableError
   */
  async revokeKey(key: RoutingKey): Promise<boolean> {
    const revoked = await this.#keys.revoke(key);
    const name = this.#locator.nameOf(key);
    this.#entries.forget(name);
    this.#reader.revoked(name);
    return revoked;
  }

  /**
   * Gives a new tenant its shard. The first writer wins, and everyone gets the stored placement,
   * also where another shard was asked for. Call it again after a failure: it completes.
   * @throws TenantNameRefusedError, AssignmentImpossibleError, UnknownShardError,
   *   PlacementInvalidError, DirectoryUnavailableError, and what the shard answers
   */
  async assign(tenant: string, wish: AssignmentWish = {}): Promise<Placement> {
    const stored = await this.#assignment.assign(tenant, wish);
    this.#reader.created({ tenant });
    return this.#entries.rememberPlacement(stored);
  }

  /** The placement as the store's primary has it now, past the cache; undefined where none is. */
  async readPlacement(tenant: string): Promise<Placement | undefined> {
    const stored = await this.#calls.placement(tenant);
    if (stored !== undefined) this.#entries.refreshPlacement(stored);
    return stored;
  }

  /**
   * Brings directory and shards in step where a process died between two of its writes: completes
   * an assignment, a thaw or a switch that was begun, and ends a freeze that is over. Answers the
   * placement with which the shard agrees now; undefined where it does not yet, or where only an
   * operator can say which side is right. Look-ups after a shard's refusal call it by themselves.
   * @throws DirectoryUnavailableError, and what the shards answer
   */
  async settle(tenant: string): Promise<Placement | undefined> {
    return this.#settlement?.settle(tenant);
  }

  /**
   * Settles every tenant that a shard has held for longer than its mover may, also those that
   * nothing asks for; answers what it changed. For a process that runs it now and then.
   * @throws DirectoryUnavailableError, and what the shards answer
   */
  async settleAll(): Promise<Placement[]> {
    return (await this.#settlement?.settleAll()) ?? [];
  }

  /**
   * Stores `to` where the tenant's epoch is `fromEpoch`. Repeated after an unknown outcome it
   * answers as if it had just been done. Operators use `TenantSwitch`, which keeps the shards in step.
   * @throws TenantNameRefusedError, PlacementChangedError, PlacementInvalidError,
   *   UnknownShardError, DirectoryUnavailableError
   */
  async compareAndSet(fromEpoch: number, to: Placement): Promise<Placement> {
    this.topology.tenantNames.check('change the placement of a tenant', to.tenant);
    const shard = this.topology.shard(to.shard);
    if (!isAllowed(shard, to)) {
      throw new PlacementInvalidError(to.tenant, `region ${shard.server.region} is not allowed`);
    }
    if (!Number.isSafeInteger(to.epoch) || to.epoch <= fromEpoch) {
      throw new PlacementInvalidError(to.tenant, `epoch ${to.epoch} is not above ${fromEpoch}`);
    }
    const stored = await this.#calls.call(
      `change the placement of tenant ${printName(to.tenant)}`,
      (store) => store.replacePlacement(fromEpoch, to),
    );
    if (stored !== undefined) this.#entries.refreshPlacement(stored);
    if (stored === undefined || !samePlacement(stored, to)) {
      throw new PlacementChangedError(to.tenant, fromEpoch, stored);
    }
    return stored;
  }

  /** Placements in the order of their tenants, a page at a time. */
  async listPlacements({ after, limit = DEFAULT_PAGE_ROWS }: PageOptions = {}) {
    const items = await this.#calls.call('list placements', (store) =>
      store.placementPage(after, limit),
    );
    const next = items.length < limit ? undefined : items.at(-1)?.tenant;
    return { items, next } satisfies Page<Placement>;
  }

  /** Keys as they are stored, in the order of their digests, a page at a time. */
  async listKeys({ after, limit = DEFAULT_PAGE_ROWS }: PageOptions = {}) {
    const items = await this.#calls.call('list keys', (store) => store.keyPage(after, limit));
    const next = items.length < limit ? undefined : items.at(-1)?.digest;
    return { items, next } satisfies Page<StoredKey>;
  }

  /** Everything that is stored, read in pages: placements first, then keys. */
  async *export({ limit }: { limit?: number } = {}): AsyncGenerator<ExportedRow> {
    for await (const placement of every((page) => this.listPlacements(page), limit)) {
      yield { row: 'placement', placement };
    }
    for await (const key of every((page) => this.listKeys(page), limit)) yield { row: 'key', key };
  }

  /**
   * Compares the placements with what the shards record, in both directions; changes nothing. A move
   * that is under way and in order is no finding.
   * @throws DirectoryOptionsInvalidError without `shardTenants`, DirectoryUnavailableError, and what
   *   the shards answer: one that does not is no empty one
   */
  audit(options: AuditOptions = {}): Promise<AuditReport> {
    return audit(this.#auditParts(), options);
  }

  /**
   * Lets one side follow the other for the tenants on which they contradict each other, and answers
   * what became of each. Which side is right only an operator can say.
   * @throws as {@link audit}; the repairs made before stay
   */
  rebuild(options: RebuildOptions): AsyncGenerator<Repair> {
    return rebuild(this.#auditParts(), options);
  }

  /** Whether the store answers, and how much is waiting and remembered. No I/O. */
  health(): DirectoryHealth {
    const { size } = this.#entries;
    const { name } = this.#calls.store;
    const { waiting } = this.#reader;
    return { store: name, ...this.#health.state, waiting, entries: size, hears: this.#poll.hears };
  }

  /** Stops asking for changes and gives back the store's connections, once. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  /** The end of `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#poll.stop();
    await outsideContext(() => this.#calls.store.close());
  }

  #auditParts(): RebuildParts {
    const tenants = this.#shardTenants;
    if (tenants === undefined) {
      throw new DirectoryOptionsInvalidError('shardTenants', 'are needed for an audit');
    }
    const call = this.#calls.call.bind(this.#calls);
    return {
      tenants,
      shards: this.topology.shards.map(({ name }) => name),
      placements: (after, limit) =>
        call('list placements', (store) => store.placementPage(after, limit)),
      readPlacement: (tenant) => this.readPlacement(tenant),
      settle: (tenant) => this.settle(tenant),
      compareAndSet: (fromEpoch, to) => this.compareAndSet(fromEpoch, to),
      insertPlacement: (placement) =>
        call(`rebuild tenant ${placement.tenant}`, (store) => store.insertPlacement(placement)),
    };
  }

  /** A shard has refused an epoch that the directory still has: a process may have died between. */
  async #settling(located: Promise<Placement>): Promise<Placement> {
    try {
      return await located;
    } catch (error) {
      if (!(error instanceof PlacementBehindError)) throw error;
      const settled = await this.#settlement
        ?.look(error.placement.tenant)
        .catch((cause: unknown) => Promise.reject(error.because(cause)));
      if (settled === undefined) throw error;
      return settled;
    }
  }
}
