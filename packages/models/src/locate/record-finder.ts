import {
  type LocatedRecord,
  type LocateRecordsOptions,
  type Locator,
  type RecordLocator,
  type RecordReference,
} from '@switchyard/shard-context';
import { printName } from '@switchyard/shard-context/internal';
import type { EntityMetadata } from 'typeorm';
import { declarationOf } from '../declarations/declare.ts';
import { RecordUnknownError } from './find-errors.ts';
import { FleetReader } from './fleet-reader.ts';
import { originOf } from '../provenance/origin.ts';
import { misrouted, type FleetDataSource, type Search } from './search.ts';
import { searchByShard } from './search-by-shard.ts';
import { searchByTenant } from './search-by-tenant.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';
import { isValueOf, textOf } from '../rows/tenant-value.ts';

/**
 * References → records, one query per model and shard. A tenant in the reference routes: its
 * placement of today is asked for, so that IDs made before a move are found after it. Without one,
 * the shard is asked, and the row's tenant is checked against the shard's own record of who lives
 * there before the row is returned. Works inside a lock only where the lock's place is meant.
 */
export class RecordFinder implements RecordLocator {
  readonly #dataSource: FleetDataSource;
  readonly #locator: Locator;

  constructor(dataSource: FleetDataSource, locator: Locator) {
    this.#dataSource = dataSource;
    this.#locator = locator;
  }

  /** What became of one record. Many at once: `locateMany`, which makes fewer queries. */
  async locate(
    reference: RecordReference,
    options: LocateRecordsOptions = {},
  ): Promise<LocatedRecord> {
    const [outcome] = await this.locateMany([reference], options);
    return outcome ?? { outcome: 'gone' };
  }

  /** One outcome per reference, in their order; duplicates get the same record. */
  async locateMany(
    references: readonly RecordReference[],
    options: LocateRecordsOptions = {},
  ): Promise<LocatedRecord[]> {
    const reader = new FleetReader(this.#dataSource, options);
    const outcomes = new Map<RecordReference, LocatedRecord>();
    const searches: Search[] = [];
    for (const reference of new Set(references)) {
      const search = this.#searchOf(reference);
      if ('outcome' in search) outcomes.set(reference, search);
      else searches.push(search);
    }
    const [byTenant, byShard] = split(searches);
    const found = await Promise.all([
      searchByTenant(byTenant, reader, this.#locator),
      searchByShard(byShard, reader, this.#locator),
    ]);
    for (const [reference, outcome] of found.flat()) outcomes.set(reference, outcome);
    return references.map((reference) => outcomes.get(reference) ?? { outcome: 'gone' });
  }

  /**
   * @throws RecordUnknownError for what no data source loaded or saved, TenantNameRefusedError for a
   *   row whose tenant has a name that the fleet does not allow
   */
  referenceOf(record: object): RecordReference {
    const metadata = this.#metadataOf(record);
    if (metadata === undefined) throw new RecordUnknownError('an object', 'it is no entity');
    const origin = originOf(record);
    if (origin === undefined) {
      const reason = 'it was neither loaded nor saved, so it has no shard';
      throw new RecordUnknownError(`a ${metadata.name}`, reason);
    }
    const id = metadata.primaryColumns.map((column) => textOf(column, record));
    if (id.some((part) => part === undefined)) {
      throw new RecordUnknownError(`a ${metadata.name}`, 'it has no id');
    }
    const named = { model: metadata.name, id: id as string[] };
    const { shard, tenant, epoch } = origin;
    if (tenant !== undefined && tenantPathOf(metadata) !== undefined) {
      return Object.assign(named, { shard, tenant, epoch });
    }
    const own = this.#ownTenant(metadata, record);
    return Object.assign(named, own === undefined ? { shard } : { shard, tenant: own });
  }

  isRecord(value: unknown): value is object {
    if (typeof value !== 'object' || value === null) return false;
    return this.#metadataOf(value) !== undefined;
  }

  #metadataOf(record: object): EntityMetadata | undefined {
    const { constructor } = record;
    if (typeof constructor !== 'function' || constructor === Object) return undefined;
    if (!this.#dataSource.hasMetadata(constructor)) return undefined;
    return this.#dataSource.getMetadata(constructor);
  }

  /** Loaded without a tenant in the context, the row may still name its own. */
  #ownTenant(metadata: EntityMetadata, record: object): string | undefined {
    const path = tenantPathOf(metadata);
    if (path === undefined || path.steps.length > 0) return undefined;
    const tenant = textOf(path.column, record);
    if (tenant !== undefined) {
      this.#dataSource.topology.tenantNames.check(`refer to a ${metadata.name}`, tenant);
    }
    return tenant;
  }

  #searchOf(reference: RecordReference): Search | LocatedRecord {
    const metadata = this.#dataSource.entityMetadatas.find(({ name }) => name === reference.model);
    if (metadata === undefined || declarationOf(metadata)?.domain === 'pinned') {
      return misrouted(`${reference.model} is no entity of this data source`);
    }
    if (reference.id.length !== metadata.primaryColumns.length) {
      return misrouted(`an id of ${reference.model} has ${metadata.primaryColumns.length} parts`);
    }
    if (!metadata.primaryColumns.every((column, i) => isValueOf(column, reference.id[i] ?? ''))) {
      return misrouted(`${printName(reference.id.join('/'))} is no id of ${reference.model}`);
    }
    const { tenantNames } = this.#dataSource.topology;
    const wrong =
      reference.tenant === undefined ? undefined : tenantNames.problemOf(reference.tenant);
    if (wrong !== undefined) {
      return misrouted(`${printName(reference.tenant)} is not the name of a tenant: ${wrong}`);
    }
    return { reference, metadata };
  }
}

function split(searches: readonly Search[]): [Search[], Search[]] {
  const routed = searches.filter(
    ({ reference, metadata }) =>
      reference.tenant !== undefined && tenantPathOf(metadata) !== undefined,
  );
  return [routed, searches.filter((search) => !routed.includes(search))];
}
