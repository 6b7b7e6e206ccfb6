import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import { declarationOf } from '../declarations/declare.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';

/** What a copy takes along. */
export interface CopyRecordOptions {
  /**
   * True keeps the id, so that both rows have the same one. Default: only where ids are unique in
   * the fleet (`interleaved`, `uuid`); other copies get an id where they are saved.
   */
  readonly keepId?: boolean;
  /** True keeps the tenant; by default the copy gets that of the context in which it is saved. */
  readonly keepTenant?: boolean;
}

/**
 * Copies the column values of a record into a new object that belongs nowhere yet, so that it may
 * be saved on another shard. The row it was made from stays, and nothing keeps the two alike; to
 * move a tenant, move its placement. Relations are not copied.
 */
export function copyRecordForAnotherShard<T extends ObjectLiteral>(
  dataSource: DataSource,
  target: EntityTarget<T>,
  record: T,
  options: CopyRecordOptions = {},
): T {
  const metadata = dataSource.getMetadata(target).findInheritanceMetadata(record) as ReturnType<
    DataSource['getMetadata']
  >;
  const declaration = declarationOf(metadata);
  const ids = declaration?.domain === 'sharded' ? declaration.ids : undefined;
  const { keepId = ids === 'interleaved' || ids === 'uuid', keepTenant = false } = options;
  const tenantColumn = tenantPathOf(metadata)?.steps.length === 0 && tenantPathOf(metadata)?.column;
  const copy = metadata.create() as T;
  for (const column of metadata.nonVirtualColumns) {
    if (column.isPrimary && !keepId) continue;
    if (column === tenantColumn && !keepTenant) continue;
    const value: unknown = column.getEntityValue(record);
    if (value !== undefined) column.setEntityValue(copy, structuredClone(value));
  }
  return copy;
}
