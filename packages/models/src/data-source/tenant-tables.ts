import type { EntityMetadata } from 'typeorm';
import type { WriteGuards } from './guards.ts';

/** The tables whose rows belong to tenants, as far as they are entities of the data source. */
export class TenantTables {
  readonly #named: RegExp | undefined;

  constructor(metadatas: readonly EntityMetadata[], guards: WriteGuards) {
    const tables = metadatas
      .filter((metadata) => belongsToTenants(metadata, guards))
      .map(({ tableName }) => tableName.replaceAll(/[^\w]/g, '\\$&'));
    if (tables.length > 0) {
      this.#named = new RegExp(`(?<![\\w$])(${[...new Set(tables)].join('|')})(?![\\w$])`, 'i');
    }
  }

  /**
   * The first such table that the text names, anywhere in it: a read of tenants' rows beside a write
   * of others counts too, because the text alone does not tell the two apart.
   */
  namedIn(sql: string): string | undefined {
    return this.#named?.exec(sql)?.[1];
  }
}

/** A junction table has no declaration of its own: its rows belong to whom its owners belong. */
function belongsToTenants(metadata: EntityMetadata, guards: WriteGuards): boolean {
  if (!metadata.isJunction) return guards.hasTenantKey(metadata);
  return metadata.foreignKeys.some((key) => guards.hasTenantKey(key.referencedEntityMetadata));
}
