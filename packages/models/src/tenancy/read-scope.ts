import type { Place } from '@switchyard/shard-context';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Alias } from 'typeorm/query-builder/Alias.js';
import { scopeParameter, scopesReads } from './scope-parameters.ts';
import { tenantPredicate } from './tenant-criteria.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';

/** Builders that look for rows whose tenant is checked afterwards. */
const unscoped = new WeakSet<object>();

/** Lets a builder see the rows of all tenants; the caller checks them before it returns them. */
export function seeAllTenants<B extends object>(builder: B): B {
  unscoped.add(builder);
  return builder;
}

/**
 * Adds the tenant to the WHERE that TypeORM made, for each table of FROM (more than one after
 * `addFrom`). What stood there is put in parentheses first: `a OR b` and then `AND tenant` would
 * leave `a` unscoped.
 */
export function scopedWhere(
  builder: SelectQueryBuilder<ObjectLiteral>,
  place: Place | undefined,
  where: string,
): string {
  const predicates = builder.expressionMap.aliases
    .filter(({ type }) => type === 'from')
    .flatMap((alias) => predicateFor(builder, place, alias) ?? []);
  if (predicates.length === 0) return where;
  const predicate = predicates.join(' AND ');
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
    const predicate = predicateFor(builder, place, join.alias);
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

/** Undefined for sub-queries and for tables that are no entities, as for those not scoped. */
function predicateFor(
  builder: SelectQueryBuilder<ObjectLiteral>,
  place: Place | undefined,
  alias: Alias,
): string | undefined {
  if (place?.tenant === undefined || !alias.hasMetadata || unscoped.has(builder)) return undefined;
  const path = scopesReads(alias.metadata) ? tenantPathOf(alias.metadata) : undefined;
  if (path === undefined) return undefined;
  return tenantPredicate(
    path,
    `:${scopeParameter(path.column)}`,
    `${escapeIdentifier(alias.name)}.`,
  );
}
