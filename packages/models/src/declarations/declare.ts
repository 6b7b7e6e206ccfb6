import type { EntityMetadata, EntitySchema } from 'typeorm';
import {
  sameDeclaration,
  sharded,
  type Declaration,
  type PinnedOptions,
  type ShardedOptions,
} from './declaration.ts';
import { DeclarationInvalidError } from './declaration-errors.ts';

/** On the entity class (inherited by its subclasses) or on the EntitySchema. */
const DECLARATION = Symbol.for('switchyard.declaration.v1');
/** Schemas without a class are known to TypeORM's metadata by their name only. */
const BY_NAME = Symbol.for('switchyard.declarations-by-name.v1');

type Declared = { [DECLARATION]?: Declaration };
const home = globalThis as { [BY_NAME]?: Map<string, Declaration | 'ambiguous'> };
const byName = (home[BY_NAME] ??= new Map());

/**
 * Declares an entity class as sharded: whose rows they are, and how their ids are made. Subclasses
 * inherit the declaration.
 * ```ts
 * @Sharded({ tenant: 'tenantId', ids: 'interleaved' })
 * @Entity()
 * class Account { … }
 * ```
 * Names of columns and relations are checked when the data source starts.
 */
export function Sharded(options: ShardedOptions): ClassDecorator {
  return (target) => declare(target, sharded(options));
}

/**
 * Declares an entity class as pinned: it lives in one database, with a plain DataSource, outside
 * every shard context. A sharded data source refuses it.
 */
export function Pinned(options: PinnedOptions): ClassDecorator {
  return (target) => declare(target, { domain: 'pinned', name: options.domain });
}

/** Declares an EntitySchema as sharded and returns it. */
export function shardedSchema<T>(
  schema: EntitySchema<T>,
  options: ShardedOptions,
): EntitySchema<T> {
  return declareSchema(schema, sharded(options));
}

/** Declares an EntitySchema as pinned and returns it. */
export function pinnedSchema<T>(schema: EntitySchema<T>, options: PinnedOptions): EntitySchema<T> {
  return declareSchema(schema, { domain: 'pinned', name: options.domain });
}

/**
 * The declaration of an entity; undefined for one that no one declared. Junction and closure
 * tables have the domain of the entity that owns them, and follow its rows to their tenant.
 * @throws DeclarationInvalidError where two schemas of one name declare different things
 */
export function declarationOf(metadata: EntityMetadata): Declaration | undefined {
  const known = resolved.get(metadata);
  if (known !== undefined) return known;
  const declaration = ownDeclaration(metadata) ?? inheritedByTable(metadata);
  if (declaration !== undefined) resolved.set(metadata, declaration);
  return declaration;
}

/** What stands on a class, a schema or a schema's name, without any metadata. */
export function declaredOn(entity: unknown): Declaration | undefined {
  if (typeof entity === 'string') {
    const declaration = byName.get(entity);
    return declaration === 'ambiguous' ? undefined : declaration;
  }
  const isObject = typeof entity === 'function' || (typeof entity === 'object' && entity !== null);
  return isObject ? (entity as Declared)[DECLARATION] : undefined;
}

/** Asked at each write; metadata do not change after they were built. */
const resolved = new WeakMap<EntityMetadata, Declaration>();

function ownDeclaration({ target, name }: EntityMetadata): Declaration | undefined {
  if (typeof target === 'function') return (target as Declared)[DECLARATION];
  const declaration = byName.get(typeof target === 'string' && target !== '' ? target : name);
  if (declaration === 'ambiguous') {
    throw new DeclarationInvalidError(name, 'two schemas of this name declare different things');
  }
  return declaration;
}

function inheritedByTable(metadata: EntityMetadata): Declaration | undefined {
  const parent = metadata.parentEntityMetadata ?? metadata.parentClosureEntityMetadata;
  if (parent !== undefined && parent !== metadata) return declarationOf(parent);
  if (!metadata.isJunction) return undefined;
  const owner = metadata.foreignKeys[0]?.referencedEntityMetadata;
  const declaration = owner === undefined ? undefined : declarationOf(owner);
  if (declaration?.domain !== 'sharded' || declaration.tenant === undefined) return declaration;
  const relation = metadata.ownColumns[0]?.relationMetadata?.propertyName ?? '';
  return { ...declaration, tenant: { through: relation }, ids: undefined };
}

function declare(target: object, declaration: Declaration): void {
  Object.defineProperty(target, DECLARATION, { value: declaration, configurable: true });
}

function declareSchema<T>(schema: EntitySchema<T>, declaration: Declaration): EntitySchema<T> {
  const { name, target } = schema.options;
  declare(schema, declaration);
  if (typeof target === 'function') declare(target, declaration);
  const earlier = byName.get(name);
  const clashes = earlier !== undefined && !isSame(earlier, declaration);
  byName.set(name, clashes ? 'ambiguous' : declaration);
  return schema;
}

function isSame(earlier: Declaration | 'ambiguous', later: Declaration): boolean {
  return earlier !== 'ambiguous' && sameDeclaration(earlier, later);
}
