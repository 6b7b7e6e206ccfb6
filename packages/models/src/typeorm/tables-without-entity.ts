import { channels, type Place } from '@switchyard/shard-context';
import { printName } from '@switchyard/shard-context/internal';
import type { Alias } from 'typeorm/query-builder/Alias.js';
import type { QueryExpressionMap } from 'typeorm/query-builder/QueryExpressionMap.js';
import { tenantPathOf } from '../declarations/tenant-path.ts';
import { TableWithoutEntityError } from '../record-errors.ts';

/** The parts of a builder that are read. */
interface Builder {
  readonly expressionMap: QueryExpressionMap;
}

/** TypeORM keeps the builder around a sub-query to its subclasses. */
interface Nested extends Builder {
  readonly parentQueryBuilder?: Nested;
}

/** By their expression map, which a builder keeps when it turns into another kind. */
const allowed = new WeakSet<object>();

/**
 * The named way out of the rule that a query builder in a tenant's context names entities only: the
 * rows of other tables are neither stamped nor checked. Published on `switchyard:escape`.
 *
 * @example
 * withoutEntity('statistics of the server', manager.createQueryBuilder().from('stats.hourly', 's'));
 */
export function withoutEntity<B extends Builder>(reason: string, builder: B): B {
  if (channels.escape.hasSubscribers) {
    channels.escape.publish({ escape: 'withoutEntity', reason, place: undefined });
  }
  allow(builder.expressionMap);
  return builder;
}

/** Copies of the builder too: TypeORM counts with one. */
function allow(map: QueryExpressionMap): QueryExpressionMap {
  allowed.add(map);
  const copy = map.clone.bind(map);
  return Object.assign(map, { clone: () => allow(copy()) });
}

/**
 * Refuses, under a tenant, a builder whose main table, join or sub-query is no entity: of whose rows
 * they are, nothing is known. Texts of SQL inside a builder are taken as `query()` takes them.
 * @throws TableWithoutEntityError
 */
export function refuseTablesWithoutEntity(asked: Builder, place: Place | undefined): void {
  const builder = asked as Nested;
  if (place?.tenant === undefined || isAllowed(builder)) return;
  const known = knownTables(builder);
  for (const alias of builder.expressionMap.aliases) {
    const table = tableWithoutEntity(alias);
    if (table === undefined || known.has(table)) continue;
    throw new TableWithoutEntityError(place.shard, `${printName(table)} is no entity`);
  }
}

/**
 * Refuses, under a tenant, writes through a view that names no tenant: what they change are rows of
 * the tables behind it.
 * @throws TableWithoutEntityError
 */
export function refuseWriteTarget(
  { expressionMap: { mainAlias } }: Builder,
  place: Place | undefined,
): void {
  if (place?.tenant === undefined || mainAlias?.hasMetadata !== true) return;
  const { metadata } = mainAlias;
  if (metadata.tableType !== 'view' || tenantPathOf(metadata) !== undefined) return;
  const reason = `${metadata.name} is a view without a tenant, over tables whose rows may have one`;
  throw new TableWithoutEntityError(place.shard, reason);
}

function tableWithoutEntity(alias: Alias): string | undefined {
  if (alias.hasMetadata || alias.subQuery !== undefined) return undefined;
  return alias.tablePath;
}

function isAllowed(builder: Nested): boolean {
  if (allowed.has(builder.expressionMap)) return true;
  return builder.parentQueryBuilder !== undefined && isAllowed(builder.parentQueryBuilder);
}

/** Common table expressions of the builder and of those around it. */
function knownTables({ expressionMap, parentQueryBuilder: outer }: Nested): Set<string> {
  const own = expressionMap.commonTableExpressions.map(({ alias }) => alias);
  return new Set([...own, ...(outer === undefined ? [] : knownTables(outer))]);
}
