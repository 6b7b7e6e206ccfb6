import type { Place } from '@switchyard/shard-context';
import type { DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { declarationOf } from '../declarations/declare.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';
import { prepared, valueOf } from '../rows/tenant-value.ts';

/** A data source that may scope the reads of every entity with a tenant key. */
interface ScopingSource {
  readonly scopeReads?: boolean;
}

/**
 * True where reads of the entity see the context's tenant only: its own `scopeReads` says so, or,
 * where it says nothing, that of its data source. Rows that belong to no tenant are never scoped.
 */
export function scopesReads(metadata: EntityMetadata): boolean {
  const declaration = declarationOf(metadata.parentEntityMetadata ?? metadata);
  if (declaration?.domain !== 'sharded' || declaration.tenant === undefined) return false;
  return declaration.scopeReads ?? (metadata.dataSource as ScopingSource).scopeReads ?? false;
}

/** Columns that bind a tenant as the text that it is, so that one parameter serves them all. */
const PLAIN = new Set<unknown>([String, 'varchar', 'char', 'text', 'bigint']);

/** Name of the parameter that holds the tenant in the form of this column. */
export function scopeParameter(column: ColumnMetadata): string {
  if (PLAIN.has(column.type) && column.transformer === undefined) return 'switchyard_scope';
  return `switchyard_scope_${column.entityMetadata.tableName.replaceAll(/\W/g, '_')}`;
}

/**
 * The tenants that the scoped reads of a place bind. Every builder has all of them: the SQL of a
 * sub-query is taken along as text, often without its parameters, and TypeORM makes clones into
 * SQL and then asks the original for them.
 */
export function scopeParameters(dataSource: DataSource, place: Place | undefined): ObjectLiteral {
  const parameters: ObjectLiteral = {};
  const tenant = place?.tenant;
  if (tenant === undefined) return parameters;
  for (const [parameter, column] of scopedColumns(dataSource.entityMetadatas)) {
    parameters[parameter] = prepared(dataSource.driver, column, valueOf(column, tenant));
  }
  return parameters;
}

type Columns = ReadonlyMap<string, ColumnMetadata>;
const known = new WeakMap<readonly EntityMetadata[], Columns>();

function scopedColumns(metadatas: readonly EntityMetadata[]): Columns {
  let columns = known.get(metadatas);
  if (columns === undefined) {
    const paths = metadatas.filter(scopesReads).flatMap((metadata) => tenantPathOf(metadata) ?? []);
    columns = new Map(paths.map(({ column }) => [scopeParameter(column), column]));
    known.set(metadatas, columns);
  }
  return columns;
}
