import type { Place } from '@switchyard/shard-context';
import type { EntityMetadata, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { declarationOf } from '../declarations/declare.ts';
import { escapeIdentifier } from '../system/escape-identifier.ts';
import { tenantPredicate } from './tenant-criteria.ts';
import { tenantPathOf, type TenantPath } from './tenant-path.ts';
import { prepared, valueOf } from './tenant-value.ts';

/** Builders that look for rows whose tenant is checked afterwards. */
const unscoped = new WeakSet<object>();

/** Lets a builder see the rows of all tenants; whoever asks checks them before handing them out. */
export function seeAllTenants<B extends object>(builder: B): B {
  unscoped.add(builder);
  return builder;
}

/** True where the entity declares `scopeReads`: its reads see the context's tenant only. */
export function scopesReads(metadata: EntityMetadata): boolean {
  const declaration = declarationOf(metadata.parentEntityMetadata ?? metadata);
  return declaration?.domain === 'sharded' && declaration.scopeReads;
}

/**
 * Adds the tenant to the WHERE that TypeORM made for the main table. What stood there is put in
 * parentheses first: `a OR b` and then `AND tenant` would leave `a` unscoped.
 */
export function scopedWhere(
  builder: SelectQueryBuilder<ObjectLiteral>,
  place: Place | undefined,
  where: string,
): string {
  const alias = builder.expressionMap.mainAlias;
  if (alias?.hasMetadata !== true) return where;
  const predicate = predicateFor(builder, place, alias.metadata, alias.name);
  if (predicate === undefined) return where;
  const asked = where.replace(/^\s*WHERE\s/, '').trim();
  return asked === '' ? ` WHERE ${predicate}` : ` WHERE ( ${asked} ) AND ( ${predicate} )`;
}

/** Runs `make`, which writes the joins, with the tenant in the condition of each scoped one. */
export function withScopedJoins(
  builder: SelectQueryBuilder<ObjectLiteral>,
  place: Place | undefined,
  make: () => string,
): string {
  const changed: (() => void)[] = [];
  for (const join of builder.expressionMap.joinAttributes) {
    if (!join.alias.hasMetadata) continue;
    const predicate = predicateFor(builder, place, join.alias.metadata, join.alias.name);
    if (predicate === undefined) continue;
    const asked = join.condition;
    join.condition = asked ? `(${asked}) AND ${predicate}` : predicate;
    changed.push(() => void (join.condition = asked));
  }
  try {
    return make();
  } finally {
    for (const restore of changed) restore(); // a builder may be turned into SQL more than once
  }
}

/**
 * The bound tenants of a builder's own tables. TypeORM turns clones into SQL and then asks the
 * original for its parameters, so that those set on the clone would be missing.
 */
export function scopeParameters(
  builder: SelectQueryBuilder<ObjectLiteral>,
  place: Place | undefined,
): ObjectLiteral {
  const parameters: ObjectLiteral = {};
  const { mainAlias, joinAttributes } = builder.expressionMap;
  for (const alias of [mainAlias, ...joinAttributes.map((join) => join.alias)]) {
    if (alias?.hasMetadata !== true) continue;
    const scope = scopeOf(builder, place, alias.metadata);
    if (scope !== undefined) parameters[scope.parameter] = scope.tenant;
  }
  return parameters;
}

interface Scope {
  readonly path: TenantPath;
  readonly parameter: string;
  readonly tenant: unknown;
}

function scopeOf(
  builder: SelectQueryBuilder<ObjectLiteral>,
  place: Place | undefined,
  metadata: EntityMetadata,
): Scope | undefined {
  if (place?.tenant === undefined || unscoped.has(builder) || !scopesReads(metadata)) return;
  const path = tenantPathOf(metadata) as TenantPath;
  const { driver } = builder.dataSource;
  // By the column: two entities may keep the tenant in different types.
  const table = path.column.entityMetadata.tableName.replaceAll(/\W/g, '_');
  const tenant = prepared(driver, path.column, valueOf(path.column, place.tenant));
  return { path, parameter: `switchyard_tenant_${table}`, tenant };
}

function predicateFor(
  builder: SelectQueryBuilder<ObjectLiteral>,
  place: Place | undefined,
  metadata: EntityMetadata,
  alias: string,
): string | undefined {
  const scope = scopeOf(builder, place, metadata);
  if (scope === undefined) return undefined;
  builder.setParameter(scope.parameter, scope.tenant); // reaches the query around a sub-query
  return tenantPredicate(scope.path, `:${scope.parameter}`, `${escapeIdentifier(alias)}.`);
}
