import type { EntityMetadata } from 'typeorm';
import type { Statement } from '../statements/classify.ts';
import { cascadeReach, type CascadeReach } from '../tenancy/cascade-reach.ts';
import type { WriteGuards } from '../record-rules.ts';

/** Verbs of statements that delete rows: REPLACE the one it finds, '' no one knows. */
const DELETING = new Set(['DELETE', 'REPLACE', 'TRUNCATE', '']);

/** The tables whose rows belong to tenants, as far as they are entities of the data source. */
export class TenantTables {
  readonly #own: RegExp | undefined;
  /** Of no tenant, but deleting from them changes rows of tenants. */
  readonly #reaching: RegExp | undefined;
  readonly #reaches = new Map<string, CascadeReach>();

  constructor(metadatas: readonly EntityMetadata[], guards: WriteGuards) {
    const isOfTenants = (metadata: EntityMetadata) => belongsToTenants(metadata, guards);
    const own = metadatas.filter(isOfTenants);
    for (const metadata of metadatas) {
      const reach = own.includes(metadata)
        ? undefined
        : cascadeReach(metadata, metadatas, isOfTenants);
      if (reach !== undefined) this.#reaches.set(metadata.tableName.toLowerCase(), reach);
    }
    this.#own = naming(own.map(({ tableName }) => tableName));
    this.#reaching = naming([...this.#reaches.keys()]);
  }

  /**
   * What a statement has to do with rows of tenants, in words; undefined for nothing. A table that is
   * named anywhere in it counts: a read of tenants' rows beside a write of others too, because the
   * text alone does not tell the two apart.
   */
  foundIn(sql: string, { verb }: Pick<Statement, 'verb'>): string | undefined {
    const own = this.#own?.exec(sql)?.[1];
    if (own !== undefined) return `rows of ${own} belong to tenants`;
    const from = DELETING.has(verb) ? this.#reaching?.exec(sql)?.[1] : undefined;
    const reach = from === undefined ? undefined : this.#reaches.get(from.toLowerCase());
    if (reach === undefined) return undefined;
    return `with rows of ${from}, ON DELETE ${reach.onDelete} changes rows of ${reach.table}, which belong to tenants`;
  }
}

function naming(tables: readonly string[]): RegExp | undefined {
  if (tables.length === 0) return undefined;
  const names = tables.map((table) => table.replaceAll(/[^\w]/g, '\\$&'));
  return new RegExp(`(?<![\\w$])(${[...new Set(names)].join('|')})(?![\\w$])`, 'i');
}

/** A junction table has no declaration of its own: its rows belong to whom its owners belong. */
function belongsToTenants(metadata: EntityMetadata, guards: WriteGuards): boolean {
  if (!metadata.isJunction) return guards.hasTenantKey(metadata);
  return metadata.foreignKeys.some((key) => guards.hasTenantKey(key.referencedEntityMetadata));
}
