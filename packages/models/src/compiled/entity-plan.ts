import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/**
 * Column types that mysql2 reads as the same value from a prepared statement's binary rows as from
 * text rows; `test/compiled` compares them at their extremes. FLOAT, TIME, YEAR, BIT and geometry
 * differ, so that entities with such columns are read as text.
 */
const SAME_IN_BINARY = new Set<unknown>([
  ...[String, 'varchar', 'char', 'text', 'tinytext', 'mediumtext', 'longtext', 'uuid', 'enum'],
  ...['int', 'integer', 'smallint', 'tinyint', 'mediumint', 'bigint', 'decimal', 'numeric', 'dec'],
  ...['bool', 'boolean', 'datetime', 'timestamp', 'date', 'double', 'simple-array', 'simple-json'],
  ...['simple-enum', 'binary', 'varbinary', 'blob', 'tinyblob', 'mediumblob', 'longblob'],
  ...[Number, Boolean, Date],
]);

/** What holds for every read of an entity, found once. */
export interface EntityPlan {
  /** Why TypeORM reads the entity; undefined where its reads are compiled. */
  readonly fallsThrough: string | undefined;
  /** Whether binary rows give the same values as text rows. */
  readonly sameInBinary: boolean;
  readonly hasLoadListeners: boolean;
}

const known = new WeakMap<EntityMetadata, EntityPlan>();

/** The plan of an entity, made at its first read. */
export function entityPlanOf(metadata: EntityMetadata): EntityPlan {
  let plan = known.get(metadata);
  if (plan === undefined) {
    plan = {
      fallsThrough: reasonOf(metadata),
      sameInBinary: metadata.columns.every(isSameInBinary),
      hasLoadListeners: metadata.afterLoadListeners.length > 0,
    };
    known.set(metadata, plan);
  }
  return plan;
}

/** The first property of an entity that its compiled reads would not give as TypeORM does. */
function reasonOf(metadata: EntityMetadata): string | undefined {
  const { columns } = metadata;
  if (metadata.tableType !== 'regular') return `its table is ${metadata.tableType}`;
  if (metadata.inheritancePattern !== undefined || metadata.parentEntityMetadata !== undefined) {
    return 'it inherits';
  }
  if (metadata.childEntityMetadatas.length > 0) return 'it has children';
  if (metadata.treeType !== undefined) return 'it is a tree';
  if (metadata.eagerRelations.length > 0) return 'it has eager relations';
  if (metadata.lazyRelations.length > 0) return 'it has lazy relations';
  if (metadata.relationIds.length > 0) {
    return 'it has relation ids';
  }
  if (columns.some((column) => column.isVirtualProperty)) return 'it has virtual columns';
  if (metadata.primaryColumns.length !== 1) return 'its primary key is not one column';
  return undefined;
}

function isSameInBinary({ type }: ColumnMetadata): boolean {
  return SAME_IN_BINARY.has(type);
}
