import { currentFrame, ShardContext, type LocateRecordsOptions } from '@switchyard/shard-context';
import { declaredShard } from '@switchyard/shard-context/internal';
import type { EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { matchRows, nameOfParts } from '../rows/match-rows.ts';
import { seeAllTenants } from '../tenancy/read-scope.ts';
import { columnOf, primaryKeyOf, rowsOfEach, type KeyedRow } from '../rows/row-key.ts';
import { searchKey, type FleetDataSource, type Search } from './search.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';
import { readTenants } from '../rows/tenant-reader.ts';
import { prepared, readText, textOf, valueOf } from '../rows/tenant-value.ts';

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
   * The rows of the searches on one shard. All searches are of one model. Where ids
   * are not written as their rows have them, the server is asked once more which row each means.
   */
  async rowsOn(shard: string, searches: readonly Search[]): Promise<Map<Search, FoundRow>> {
    const rows = await this.#read(shard, searches);
    const { found, doubtful } = matchRows(searches, searchKey, rows);
    for (const [search, key] of await this.#keysMeantBy(shard, doubtful)) {
      const row = rows.get(key);
      if (row !== undefined) found.set(search, row);
    }
    return found;
  }

  /** The key of the row that each search finds, as the database writes it. */
  async #keysMeantBy(shard: string, searches: readonly Search[]): Promise<[Search, string][]> {
    if (searches.length === 0) return [];
    return this.#on(shard, async () => {
      const runner = this.dataSource.createQueryRunner('slave');
      try {
        const asked = searches.map((search) =>
          primaryKeyOf(runner, search.metadata, idMapOf(search)),
        );
        const rows = await rowsOfEach(
          runner,
          asked.flatMap((key) => key ?? []),
          {},
        );
        return searches.flatMap((search, i) => {
          const row = asked[i] === undefined ? undefined : rows.get(asked[i]);
          return row === undefined ? [] : [[search, this.#keyOfRow(search.metadata, row)]];
        });
      } finally {
        await runner.release();
      }
    });
  }

  #keyOfRow({ primaryColumns }: EntityMetadata, row: KeyedRow): string {
    const { driver } = this.dataSource;
    return nameOfParts(primaryColumns.map((column, i) => readText(driver, column, row[`k${i}`])));
  }

  /** What one query finds for the searches, by the keys of the rows. */
  async #read(shard: string, searches: readonly Search[]): Promise<Map<string, FoundRow>> {
    const metadata = searches[0]?.metadata;
    if (metadata === undefined) return new Map();
    return this.#on(shard, async () => {
      const query = this.dataSource
        .getRepository<ObjectLiteral>(metadata.target)
        .createQueryBuilder('record')
        .setFindOptions({ withDeleted: this.#withDeleted });
      this.#whereIds(query, metadata, searches);
      const records = await seeAllTenants(query).getMany();
      return this.#withTenants(metadata, records);
    });
  }

  /** One comparison. TypeORM's `whereInIds` takes seconds for thousands of ids of several parts. */
  #whereIds(
    query: SelectQueryBuilder<ObjectLiteral>,
    metadata: EntityMetadata,
    searches: readonly Search[],
  ): void {
    const { driver } = this.dataSource;
    const rows = searches.map((search) => {
      const idMap = idMapOf(search);
      return metadata.primaryColumns.map((column) =>
        prepared(driver, column, column.getEntityValue(idMap)),
      );
    });
    const columns = metadata.primaryColumns.map(({ databaseName }) =>
      columnOf('record', databaseName),
    );
    const left = columns.length === 1 ? columns.join() : `(${columns.join(', ')})`;
    query.where(`${left} IN (:ids)`, { ids: rows.map((row) => (row.length === 1 ? row[0] : row)) });
  }

  /** What the shard records of the tenants; those it has no record of are left out. */
  async residences(shard: string, tenants: readonly string[]): Promise<Map<string, Residence>> {
    if (tenants.length === 0) return new Map();
    const marks = tenants.map(() => '?').join(', ');
    const rows = await this.#query(
      shard,
      `SELECT tenant, state, epoch FROM shard_tenant WHERE stripe = 0 AND tenant IN (${marks})`,
      tenants.map((tenant) => Buffer.from(tenant)), // as the column keeps them
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
  async #on<T>(shard: string, work: () => Promise<T>): Promise<T> {
    if (currentFrame()?.place?.shard === shard) return work();
    // Named by a reference, the directory or another shard, and so perhaps by a newer release.
    const { name } = declaredShard(this.dataSource.topology, shard, 'locate a record');
    return this.#context.onShard(name, work);
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

/** The id of a row as one text, as the database writes it. */
function recordKey(metadata: EntityMetadata, record: ObjectLiteral): string {
  return nameOfParts(metadata.primaryColumns.map((column) => textOf(column, record) ?? ''));
}

function idMapOf({ reference, metadata }: Search): ObjectLiteral {
  const idMap: ObjectLiteral = {};
  metadata.primaryColumns.forEach((column, i) => {
    column.setEntityValue(idMap, valueOf(column, reference.id[i] ?? ''));
  });
  return idMap;
}
