import type { Place } from '@switchyard/shard-context';
import type { EntityManager, EntityMetadata, FindManyOptions, ObjectLiteral } from 'typeorm';
import { DriverUtils } from 'typeorm/driver/DriverUtils.js';
import type { CompiledRows } from '@switchyard/mysql/internal';
import type { CompiledStatement } from '../runner/send-compiled.ts';
import { classifyStatement } from '../statements/statement-cache.ts';

import { binderOf, type Binder } from './bound-value.ts';
import type { EntityPlan } from './entity-plan.ts';
import { withSlots, type FindShape } from './find-shape.ts';
import { makeHydrate, type Hydrate } from './hydrator.ts';

/** Amounts that no caller asks for, so that they can be found in the text again. */
const AMOUNTS = { take: 987_654_301, skip: 987_654_302 };
const IN_TEXT = / LIMIT 987654301(?: OFFSET 987654302)?/;

/** Where a parameter of the statement comes from: a value of the call, or the context's tenant. */
type Source = number | 'tenant';

/** A read that was compiled: everything that does not depend on the values of a call. */
export interface CompiledRead {
  readonly statement: CompiledStatement;
  /** For each parameter of the statement, in order. */
  readonly sources: readonly Source[];
  /** For each value of the shape. */
  readonly binders: readonly Binder[];
  /** Made at the first answer, which names the columns. */
  hydrate: Hydrate | undefined;
}

/** The subject of a compilation: an entity, options of one shape, and the place whose tenant scopes the read. */
export interface ReadToCompile {
  readonly metadata: EntityMetadata;
  readonly plan: EntityPlan;
  readonly options: FindManyOptions<ObjectLiteral>;
  readonly shape: FindShape;
  readonly place: Place;
}

/**
 * Lets TypeORM make the statement once, with marks in the places of the values, and notes where each
 * mark came out. Says why not where a parameter is neither a mark nor the tenant, or where a value goes
 * through a transformer: TypeORM makes such a statement at each call.
 */
export function compileRead(manager: EntityManager, read: ReadToCompile): CompiledRead | string {
  const { metadata, plan, options, shape, place } = read;
  if (!selectsKey(metadata, options)) return 'a select without the primary key';
  const columns = shape.properties.map((name) => metadata.findColumnWithPropertyPathStrict(name));
  const binders: Binder[] = [];
  for (const column of columns) {
    if (column === undefined) return 'a condition on no own column';
    if (column.transformer !== undefined) return 'a condition on a column with a transformer';
    binders.push(binderOf(column));
  }
  const marks = shape.values.map((_, i) => `switchyard:value:${i}`);
  const one = options.take === 1 && options.skip === undefined;
  const amounts = one ? { take: 1, skip: 0 } : AMOUNTS;
  const [sql, parameters] = manager
    .createQueryBuilder(metadata.target, metadata.name)
    .setFindOptions(withSlots(options, marks, amounts))
    .getQueryAndParameters();
  const sources = sourcesOf(parameters, marks, place);
  if (sources === undefined) return 'a parameter that TypeORM makes';
  if (options.take !== undefined && !one && !IN_TEXT.test(sql)) return 'take or skip';
  const prepared = one && plan.sameInBinary;
  const statement = { sql, statement: classifyStatement(sql), prepared };
  return { statement, sources, binders, hydrate: undefined };
}

/** The statement of one call: amounts stand in its text. */
export function statementFor(
  { statement }: CompiledRead,
  { take, skip }: FindManyOptions<ObjectLiteral>,
): CompiledStatement {
  if (take === undefined || (take === 1 && skip === undefined)) return statement;
  const limit = skip === undefined ? ` LIMIT ${take}` : ` LIMIT ${take} OFFSET ${skip}`;
  return { ...statement, sql: statement.sql.replace(IN_TEXT, limit) };
}

/** The code that makes entities of a read's rows. */
export function hydrateOf(
  read: CompiledRead,
  metadata: EntityMetadata,
  rows: CompiledRows,
): Hydrate {
  read.hydrate ??= makeHydrate(
    metadata,
    metadata.dataSource.driver,
    rows.fields.map(({ name }) => name),
    ({ databaseName }) =>
      DriverUtils.buildAlias(metadata.dataSource.driver, undefined, metadata.name, databaseName),
  );
  return read.hydrate;
}

/** Without its key TypeORM leaves out rows of NULLs, and takes equal rows for one. */
function selectsKey(
  { primaryColumns: [key] }: EntityMetadata,
  { select }: FindManyOptions<ObjectLiteral>,
): boolean {
  if (select === undefined) return key?.isSelect === true;
  return key !== undefined && (select as ObjectLiteral)[key.propertyName] === true;
}

function sourcesOf(
  parameters: readonly unknown[],
  marks: readonly string[],
  { tenant }: Place,
): Source[] | undefined {
  const sources: Source[] = [];
  const seen = new Set<number>();
  for (const parameter of parameters) {
    const index = typeof parameter === 'string' ? marks.indexOf(parameter) : -1;
    if (index >= 0) seen.add(index);
    else if (tenant === undefined || parameter !== tenant) return undefined;
    sources.push(index >= 0 ? index : 'tenant');
  }
  return seen.size === marks.length ? sources : undefined;
}
