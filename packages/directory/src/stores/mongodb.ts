import type { Placement, PlacementState, ServerTls } from '@switchyard/shard-context';
import {
  Binary,
  MongoClient,
  type ChangeStream,
  type Collection,
  type Db,
  type OptionalUnlessRequiredId,
  type WithId,
} from 'mongodb';
import type {
  ChangedPlacements,
  DirectoryStore,
  FoundKey,
  StoreReadOptions,
  StoredKey,
} from '../contract/directory-store.ts';
import { mongoTls } from './mongodb-tls.ts';
import { DirectoryNotPreparedError, DirectoryOptionsInvalidError } from '../contract/errors.ts';

/** Version of the documents; a store reads this one and the one before. */
const FORMAT = 1;
const DUPLICATE = 11_000;
/** Secondaries and slow writes: changes are asked for again this long after they were made. */
const OVERLAP_MS = 15_000;
const CHANGES_PER_PAGE = 5_000;
const SERVER_SELECTION_TIMEOUT_MS = 2_000;
/** The driver's default is 100, all of which a slow server would soon hold. */
const MAX_CONNECTIONS = 8;
const MAJORITY = { writeConcern: { w: 'majority' as const } };
const PRIMARY = { readPreference: 'primary' as const };

/** What a MongoDB store is made with: its own client by `url`, or one that the host shares. */
export type MongoStoreOptions = (
  | {
      readonly url: string;
      /** Encrypts every connection, whatever the URL says. Default: as the URL says. */
      readonly tls?: ServerTls | undefined;
      readonly client?: undefined;
    }
  | { readonly client: MongoClient; readonly url?: undefined; readonly tls?: undefined }
) & { readonly database: string };

interface KeyDocument {
  readonly _id: Binary;
  readonly hashId: string;
  readonly kind: string;
  readonly tenant: string;
  readonly revoked: boolean;
  readonly createdAt: Date;
}

interface PlacementDocument {
  readonly _id: string;
  readonly shard: string;
  readonly epoch: number;
  readonly state: PlacementState;
  readonly homeRegion: string | null;
  readonly allowedRegions: readonly string[] | null;
  readonly changedAt: Date;
}

/**
 * Keeps keys and placements in MongoDB: for a large or geo-distributed fleet. Every operation is
 * atomic on one document and nothing rests on a transaction, so that servers which only speak the
 * protocol (FerretDB) do as well. Assignments and placements are written with majority; look-ups
 * read `nearest`, refreshes and doubts the primary.
 */
export class MongoStore implements DirectoryStore {
  readonly name = 'mongodb';
  readonly #client: MongoClient;
  readonly #ownsClient: boolean;
  readonly #db: Db;
  readonly #keys: Collection<KeyDocument>;
  readonly #placements: Collection<PlacementDocument>;
  #isReplicated: boolean | undefined;

  /** Opens nothing: the first operation does. @throws DirectoryOptionsInvalidError */
  constructor(options: MongoStoreOptions) {
    this.#ownsClient = options.client === undefined;
    this.#client = options.client ?? clientOf(options.url, options.tls);
    this.#db = this.#client.db(options.database);
    this.#keys = this.#db.collection('directory_keys');
    this.#placements = this.#db.collection('directory_placements');
  }

  /** True until the server has said that it is alone. */
  get nearestMayLag(): boolean {
    return this.#isReplicated ?? true;
  }

  /** @throws DirectoryNotPreparedError where a newer release has made the documents */
  async prepare(): Promise<void> {
    await this.#keys.createIndex({ tenant: 1 });
    await this.#placements.createIndex({ shard: 1 });
    await this.#placements.createIndex({ changedAt: 1 });
    const formats = this.#db.collection<{ _id: string; format: number }>('directory_format');
    const stored = await formats.findOneAndUpdate(
      { _id: 'format' },
      { $setOnInsert: { format: FORMAT } },
      { upsert: true, returnDocument: 'after', ...MAJORITY },
    );
    if (stored?.format === FORMAT) return;
    const reason = `its documents have format ${stored?.format}, not ${FORMAT}`;
    throw new DirectoryNotPreparedError(this.name, reason);
  }

  /** @see DirectoryStore.findKeys */
  async findKeys(digests: readonly string[], read: StoreReadOptions): Promise<FoundKey[]> {
    await this.#learn(read.signal);
    const placement = { from: 'directory_placements', localField: 'tenant', foreignField: '_id' };
    const found = await this.#keys
      .aggregate<KeyDocument & { placement: PlacementDocument[] }>(
        [
          { $match: { _id: { $in: digests.map(idOf) } } },
          { $lookup: { ...placement, as: 'placement' } },
        ],
        optionsOf(read),
      )
      .toArray();
    return found.map(({ placement: [at], ...key }) => ({
      ...keyOf(key),
      placement: at && placementOf(at),
    }));
  }

  /** @see DirectoryStore.findPlacements */
  async findPlacements(tenants: readonly string[], read: StoreReadOptions): Promise<Placement[]> {
    await this.#learn(read.signal);
    const query = { _id: { $in: [...tenants] } };
    return (await this.#placements.find(query, optionsOf(read)).toArray()).map(placementOf);
  }

  /** @see DirectoryStore.insertKey */
  async insertKey(key: StoredKey): Promise<StoredKey> {
    const { digest, ...fields } = key;
    const _id = idOf(digest);
    const isFirst = await inserted(this.#keys, { _id, ...fields, createdAt: new Date() });
    if (isFirst) return key;
    return keyOf((await this.#keys.findOne({ _id }, PRIMARY)) as WithId<KeyDocument>);
  }

  /** @see DirectoryStore.revokeKey */
  async revokeKey(digest: string): Promise<boolean> {
    const change = { $set: { revoked: true } };
    const { matchedCount } = await this.#keys.updateOne({ _id: idOf(digest) }, change, MAJORITY);
    return matchedCount > 0;
  }

  /** @see DirectoryStore.removeKey */
  async removeKey(digest: string): Promise<void> {
    await this.#keys.deleteOne({ _id: idOf(digest) }, MAJORITY);
  }

  /** @see DirectoryStore.insertPlacement */
  async insertPlacement(placement: Placement): Promise<Placement> {
    const _id = placement.tenant;
    const fields = { ...fieldsOf(placement), changedAt: new Date() };
    if (await inserted(this.#placements, { _id, ...fields })) return placement;
    const stored = await this.#placements.findOne({ _id }, PRIMARY);
    return placementOf(stored as WithId<PlacementDocument>);
  }

  /** @see DirectoryStore.replacePlacement */
  async replacePlacement(fromEpoch: number, to: Placement): Promise<Placement | undefined> {
    const replaced = await this.#placements.findOneAndUpdate(
      { _id: to.tenant, epoch: fromEpoch },
      { $set: fieldsOf(to), $currentDate: { changedAt: true } },
      { returnDocument: 'after', ...MAJORITY },
    );
    const stored = replaced ?? (await this.#placements.findOne({ _id: to.tenant }, PRIMARY));
    return stored === null ? undefined : placementOf(stored);
  }

  /** @see DirectoryStore.keyPage */
  async keyPage(after: string | undefined, limit: number): Promise<StoredKey[]> {
    const from = after === undefined ? {} : { _id: { $gt: idOf(after) } };
    const page = this.#keys.find(from, PRIMARY).sort({ _id: 1 }).limit(limit);
    return (await page.toArray()).map(keyOf);
  }

  /** @see DirectoryStore.placementPage */
  async placementPage(after: string | undefined, limit: number): Promise<Placement[]> {
    const from = after === undefined ? {} : { _id: { $gt: after } };
    const page = this.#placements.find(from, PRIMARY).sort({ _id: 1 }).limit(limit);
    return (await page.toArray()).map(placementOf);
  }

  /** @see DirectoryStore.changedPlacements */
  async changedPlacements(
    since: number | undefined,
    signal?: AbortSignal,
  ): Promise<ChangedPlacements> {
    const hello = await this.#db.command({ hello: 1 }, optionsOf({ from: 'primary', signal }));
    const now = (hello['localTime'] as Date).getTime();
    if (since === undefined) return { placements: [], until: now };
    const query = { changedAt: { $gte: new Date(since - OVERLAP_MS) } };
    const page = this.#placements
      .find(query, optionsOf({ from: 'primary', signal }))
      .sort({ changedAt: 1 })
      .limit(CHANGES_PER_PAGE);
    const found = await page.toArray();
    const last = found.length < CHANGES_PER_PAGE ? undefined : found.at(-1)?.changedAt.getTime();
    return {
      placements: found.map(placementOf),
      until: last === undefined ? now : last + OVERLAP_MS,
    };
  }

  /**
   * Hears of changed placements from a change stream, which replica sets and sharded clusters offer;
   * a standalone server and FerretDB refuse it.
   */
  async watchPlacements(
    onChanged: (placement: Placement) => void,
    onEnded: () => void,
  ): Promise<(() => Promise<void>) | undefined> {
    const stream = this.#placements.watch([{ $match: { operationType: { $in: CHANGES } } }], {
      fullDocument: 'updateLookup',
    });
    if (!(await opens(stream))) return undefined;
    stream.on('change', (change) => {
      const document = 'fullDocument' in change ? change.fullDocument : undefined;
      if (document) onChanged(placementOf(document as PlacementDocument));
    });
    stream.once('error', () => void stream.close().finally(onEnded));
    return () => stream.close();
  }

  /** Ends its own client; one that was given stays open. */
  async close(): Promise<void> {
    if (this.#ownsClient) await this.#client.close();
  }

  /** Asks once whether there are copies that could lag. */
  async #learn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#isReplicated !== undefined) return;
    const hello = await this.#db.command({ hello: 1 }, optionsOf({ from: 'nearest', signal }));
    this.#isReplicated = hello['setName'] !== undefined || hello['msg'] === 'isdbgrid';
  }
}

const CHANGES = ['insert', 'update', 'replace'];
/** Not implemented (FerretDB), unknown command or stage, and not a replica set. */
const NO_CHANGE_STREAMS = new Set([115, 59, 40_324, 40_573]);

/** The address may hold a password: the driver's own error is not passed on. */
function clientOf(url: string, tls: ServerTls | undefined): MongoClient {
  try {
    return new MongoClient(url, {
      serverSelectionTimeoutMS: SERVER_SELECTION_TIMEOUT_MS,
      maxPoolSize: MAX_CONNECTIONS,
      ...mongoTls(tls),
    });
  } catch {
    throw new DirectoryOptionsInvalidError('url', 'is not the address of a MongoDB server');
  }
}

/**
 * False where someone was first. An insert, never an upsert: FerretDB 2.7 lets two processes upsert
 * one id at the same moment and tells both that theirs is stored (1 of 200 races).
 */
async function inserted<T extends { _id: unknown }>(
  collection: Collection<T>,
  document: OptionalUnlessRequiredId<T>,
): Promise<boolean> {
  try {
    await collection.insertOne(document, MAJORITY);
    return true;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== DUPLICATE) throw error;
    return false;
  }
}

/** The server refuses a stream when it is first asked for a change. */
async function opens(stream: ChangeStream<PlacementDocument>): Promise<boolean> {
  try {
    await stream.tryNext();
    return true;
  } catch (error) {
    await stream.close();
    if (NO_CHANGE_STREAMS.has(Number((error as { code?: unknown } | null)?.code))) return false;
    throw error;
  }
}

function optionsOf({ from, signal }: StoreReadOptions) {
  return { readPreference: from, ...(signal === undefined ? {} : { signal }) };
}

function fieldsOf({ shard, epoch, state, homeRegion, allowedRegions }: Placement) {
  return {
    shard,
    epoch,
    state,
    homeRegion: homeRegion ?? null,
    allowedRegions: allowedRegions ?? null,
  };
}

function placementOf(document: PlacementDocument): Placement {
  const { _id, shard, epoch, state, homeRegion, allowedRegions } = document;
  return {
    tenant: _id,
    shard,
    epoch,
    state,
    homeRegion: homeRegion ?? undefined,
    allowedRegions: allowedRegions ?? undefined,
  };
}

function keyOf({ _id, hashId, kind, tenant, revoked }: KeyDocument): StoredKey {
  return { digest: Buffer.from(_id.buffer).toString('hex'), hashId, kind, tenant, revoked };
}

function idOf(digest: string): Binary {
  return new Binary(Buffer.from(digest, 'hex'));
}
