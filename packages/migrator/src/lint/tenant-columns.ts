import { fitNamesToColumns, tenantColumnsOf } from '@switchyard/models';
import type { TenantNames } from '@switchyard/shard-context';
import type { DataSourceOptions } from 'typeorm';
import { metadataSource } from './entity-columns.ts';

/** A column that names the tenant of its rows, by its names in the database. */
export interface NamedColumn {
  readonly table: string;
  readonly column: string;
  /** True where a transformer makes something else of the name. */
  readonly isTransformed: boolean;
}

/**
 * The tenant columns of the application's entities. Narrows `names` to what they declare, as the
 * data source does at its start.
 * @throws DeclarationInvalidError where a column takes two names of the fleet for one
 */
export async function tenantColumns(
  entities: DataSourceOptions['entities'],
  engine: 'mysql' | 'mariadb',
  names: TenantNames,
): Promise<readonly NamedColumn[]> {
  if (entities === undefined) return [];
  const { entityMetadatas, driver } = await metadataSource(entities, engine);
  fitNamesToColumns(entityMetadatas, names, driver);
  return tenantColumnsOf(entityMetadatas).map(({ metadata, column }) => ({
    table: metadata.tableName,
    column: column.databaseName,
    isTransformed: column.transformer !== undefined,
  }));
}
