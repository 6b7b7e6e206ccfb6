/**
 * Whose rows they are. A property name: the column that names the tenant. `{ through: 'inquiry' }`:
 * the row belongs to the tenant of the record that this relation leads to. `'none'`: the rows
 * belong to no one (reference data on each shard).
 */
export type TenantKey = string | { readonly through: string };

/**
 * How ids are made. `interleaved`: BIGINT AUTO_INCREMENT with step 1024 and the shard's ordinal as
 * offset. `uuid`: version 7, made before the insert. `shardLocal`: unique on one shard only; such
 * rows cannot move.
 */
export type IdStrategy = 'interleaved' | 'uuid' | 'shardLocal';

/** What `@Sharded` and `shardedSchema` declare. */
export interface ShardedOptions {
  readonly tenant: TenantKey;
  /** How ids are made. Default: by the caller (natural and composite keys). */
  readonly ids?: IdStrategy;
  /**
   * Reads of this entity see only rows of the context's tenant. Default: as `scopeReads` of the
   * data source says, which is off.
   */
  readonly scopeReads?: boolean;
}

/** A sharded entity, as declared. */
export interface ShardedDeclaration {
  readonly domain: 'sharded';
  /** The tenant's column or relation; undefined where the rows belong to no tenant. */
  readonly tenant: TenantKey | undefined;
  readonly ids: IdStrategy | undefined;
  /** Undefined where the data source decides. */
  readonly scopeReads: boolean | undefined;
}

/** An entity of a plain data source, as declared by `@Pinned`. */
export interface PinnedDeclaration {
  readonly domain: 'pinned';
  /** Name of the domain; entities of one domain live in one database. */
  readonly name: string;
}

/** The declaration of an entity. */
export type Declaration = ShardedDeclaration | PinnedDeclaration;

/** What `@Pinned` declares. */
export interface PinnedOptions {
  /** Name of the domain; entities of one domain live in one database. */
  readonly domain: string;
}

/** The declaration that the options make. */
export function sharded(options: ShardedOptions): ShardedDeclaration {
  return Object.freeze({
    domain: 'sharded',
    tenant: options.tenant === 'none' ? undefined : options.tenant,
    ids: options.ids,
    scopeReads: options.scopeReads,
  });
}

/** True when both say the same. */
export function sameDeclaration(a: Declaration, b: Declaration): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
