import { currentFrame, ShardContext, type LocateRecordsOptions } from '@switchyard/shard-context';
import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { FleetDataSource, Search } from './search.ts';
import { matchRows, recordKey, roundsOf } from './match-rows.ts';
import { seeAllTenants } from './read-scope.ts';
import { primaryKeyOf, readTenants } from './tenant-reader.ts';
import { tenantPathOf } from './tenant-path.ts';
import { textOf, valueOf } from './tenant-value.ts';

/** A row that was found, and whose it is. */
export interface FoundRow {
  readonly record: ObjectLiteral;
  /** The tenant that the row names; undefined for rows of none. */
  readonly tenant: string | undefined;
}

/** What a shard records of a tenant. */
export interface Residence {
  readonly state: string;
  readonly epoch: number;
}

/** Reads rows and the shards' own records of their tenants, one query per model and shard. */
export class FleetReader {
  readonly dataSource: FleetDataSource;
  /** Whose rows are meant, where only one tenant's are. */
  readonly tenant: string | undefined;
  readonly #context: ShardContext;
  readonly #withDeleted: boolean;

  constructor(dataSource: FleetDataSource, options: LocateRecordsOptions) {
    this.dataSource = dataSource;
    this.tenant = options.tenant;
    this.#context = new ShardContext(dataSource.topology);
    this.#withDeleted = options.withDeleted === true;
  }

  /**
   * The rows of the searches on one shard, by `searchKey`. All searches are of one model. Where
   * keys of several differ in case only, the server is asked again whether they mean one row.
   */
  async rowsOn(shard: string, searches: readonly Search[]): Promise<Map<string, FoundRow>> {
    const rows = await this.#read(shard, searches);
    const { certain, doubtful } = matchRows(searches, rows);
    for (const round of roundsOf(doubtful)) {
      const again = await this.#read(shard, round);
      // One row is one record, in whatever spelling and query it was found.
      const same = new Map([...again].map(([key, row]) => [key, rows.get(key) ?? row]));
      for (const [key, row] of matchRows(round, same).certain) certain.set(key, row);
    }
    return certain;
  }

  /** What one query finds for the searches, by `recordKey`. */
  async #read(shard: string, searches: readonly Search[]): Promise<Map<string, FoundRow>> {
    const metadata = searches[0]?.metadata;
    if (metadata === undefined) return new Map();
    return this.#on(shard, async () => {
      const query = this.dataSource
        .getRepository<ObjectLiteral>(metadata.target)
        .createQueryBuilder('record')
        .setFindOptions({ withDeleted: this.#withDeleted })
        .whereInIds(searches.map((search) => idMapOf(search)));
      const records = await seeAllTenants(query).getMany();
      return this.#withTenants(metadata, records);
    });
  }

  /** What the shard records of the tenants; those it has no record of are left out. */
  async residences(shard: string, tenants: readonly string[]): Promise<Map<string, Residence>> {
    if (tenants.length === 0) return new Map();
    const marks = tenants.map(() => '?').join(', ');
    const rows = await this.#query(
      shard,
      `SELECT tenant, state, epoch FROM shard_tenant WHERE stripe = 0 AND tenant IN (${marks})`,
      [...tenants],
    );
    return new Map(
      rows.map((row) => [
        String(row['tenant']),
        { state: String(row['state']), epoch: Number(row['epoch']) },
      ]),
    );
  }

  /** The shards to which tenants of this one moved. */
  async movedTo(shard: string): Promise<string[]> {
    const rows = await this.#query(
      shard,
      "SELECT DISTINCT moved_to FROM shard_tenant WHERE state = 'moved' AND moved_to IS NOT NULL",
      [],
    );
    return rows.map((row) => String(row['moved_to']));
  }

  async #query(
    shard: string,
    sql: string,
    parameters: unknown[],
  ): Promise<Record<string, unknown>[]> {
    return this.#on(shard, () => this.dataSource.query(sql, parameters));
  }

  /** In the context that is there, where that is of the shard: a lock must not be left for a read. */
  #on<T>(shard: string, work: () => Promise<T>): Promise<T> {
    if (currentFrame()?.place?.shard === shard) return work();
    return this.#context.onShard(shard, work);
  }

  async #withTenants(
    metadata: EntityMetadata,
    records: readonly ObjectLiteral[],
  ): Promise<Map<string, FoundRow>> {
    const path = tenantPathOf(metadata);
    const own = path?.steps.length === 0 ? path.column : undefined;
    const tenants =
      path === undefined || own !== undefined ? [] : await this.#ownersOf(metadata, records);
    return new Map(
      records.map((record, i) => {
        const tenant = own === undefined ? tenants[i] : textOf(own, record);
        return [recordKey(metadata, record), { record, tenant }];
      }),
    );
  }

  /** Rows that belong to whom their owner belongs: one more query for all of them. */
  async #ownersOf(
    metadata: EntityMetadata,
    records: readonly ObjectLiteral[],
  ): Promise<(string | undefined)[]> {
    const runner = this.dataSource.createQueryRunner('slave');
    try {
      const keys = records.map((record) => primaryKeyOf(runner, metadata, record));
      const known = keys.flatMap((key) => key ?? []);
      const found = await readTenants(runner, known);
      return keys.map((key) => (key === undefined ? undefined : (found.get(key) ?? undefined)));
    } finally {
      await runner.release();
    }
  }
}

function idMapOf({ reference, metadata }: Search): ObjectLiteral {
  const idMap: ObjectLiteral = {};
  metadata.primaryColumns.forEach((column, i) => {
    column.setEntityValue(idMap, valueOf(column, reference.id[i] ?? ''));
  });
  return idMap;
}
