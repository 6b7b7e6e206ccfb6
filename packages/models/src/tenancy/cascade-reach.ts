import type { EntityMetadata } from 'typeorm';
import type { ForeignKeyMetadata } from 'typeorm/metadata/ForeignKeyMetadata.js';

/** Foreign keys that change the rows which have them when the row they refer to goes. */
const CHANGING = new Set<string>(['CASCADE', 'SET NULL', 'SET DEFAULT']);

/** A table with rows of tenants, and what its foreign key does with them. */
export interface CascadeReach {
  readonly table: string;
  readonly onDelete: string;
}

/**
 * The table with rows of tenants that the schema itself changes when a row of `from` is deleted,
 * also over tables in between; undefined where there is none. What entities say of their foreign
 * keys counts, so that nothing is asked of the server.
 */
export function cascadeReach(
  from: EntityMetadata,
  all: readonly EntityMetadata[],
  isOfTenants: (metadata: EntityMetadata) => boolean,
  seen = new Set<string>(),
): CascadeReach | undefined {
  if (seen.has(from.tablePath)) return undefined;
  seen.add(from.tablePath);
  const changes = ({ referencedEntityMetadata, onDelete }: ForeignKeyMetadata): boolean =>
    referencedEntityMetadata.tablePath === from.tablePath && CHANGING.has(onDelete ?? '');
  for (const metadata of all) {
    const keys = metadata.foreignKeys.filter(changes);
    for (const { onDelete = '' } of keys as { onDelete?: string }[]) {
      if (isOfTenants(metadata)) return { table: metadata.tableName, onDelete };
      if (onDelete !== 'CASCADE') continue;
      const further = cascadeReach(metadata, all, isOfTenants, seen);
      if (further !== undefined) return further;
    }
  }
  return undefined;
}
