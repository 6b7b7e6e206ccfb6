import type { EntityMetadata, ObjectLiteral, UpdateQueryBuilder } from 'typeorm';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import type { CriteriaBuilder } from '../record-rules.ts';
import { TenantMismatchError, TenantUncheckableError } from '../record-errors.ts';
import { TenantClaims } from './tenant-claims.ts';
import { refuseCascade } from './refuse-cascade.ts';
import { claimReferences, givenValues, type RowValues } from './tenant-references.ts';
import { tenantPathOf, type TenantPath } from '../declarations/tenant-path.ts';
import { tableOf } from '../rows/row-key.ts';
import type { TenantRunner } from './tenant-runner.ts';
import { asText, prepared, valueOf } from '../rows/tenant-value.ts';
import { twinsOf } from '../rows/written-values.ts';

/** Name of the bound tenant in a statement; unlikely in anyone's own SQL. */
const PARAMETER = 'switchyard_tenant';

/**
 * Carries the tenant as a predicate into a criteria update, delete, soft delete or restore, and
 * refuses an update that gives rows away.
 * @throws TenantMismatchError, TenantUncheckableError
 */
export async function scopeCriteria(builder: CriteriaBuilder, runner: TenantRunner): Promise<void> {
  const metadata = mainMetadata(builder);
  if (metadata === undefined) return;
  if (isUpdate(builder)) await checkValues(builder, metadata, runner);
  if (isDelete(builder)) refuseCascade(`delete ${metadata.name}`, metadata, runner);
  const path = tenantPathOf(metadata);
  if (path !== undefined)
    addPredicate(builder, path, runner, tenantPredicate(path, `:${PARAMETER}`));
}

/**
 * The same predicate in a statement of a graph, whose members were checked. It is no second opinion:
 * a check reads the snapshot of its transaction and a statement the rows of now, a number finds each
 * text that begins with it, and TypeORM rewrites the paths of a tree by their text.
 */
export function scopeGraphCriteria(builder: CriteriaBuilder, runner: TenantRunner): void {
  const metadata = mainMetadata(builder);
  const path = metadata === undefined ? undefined : tenantPathOf(metadata);
  if (path === undefined) return;
  const predicate = tenantPredicate(path, `:${PARAMETER}`);
  const owned = isUpdate(builder) ? (path.steps[0]?.columns ?? []) : [];
  // Of two new rows that name each other, one gets its owner after it was inserted.
  const unowned = owned.map(({ databaseName }) => `${escapeIdentifier(databaseName)} IS NULL`);
  const allowed = unowned.length === 0 ? predicate : `(${[predicate, ...unowned].join(' OR ')})`;
  addPredicate(builder, path, runner, allowed);
}

function addPredicate(
  builder: CriteriaBuilder,
  path: TenantPath,
  runner: TenantRunner,
  predicate: string,
): void {
  const { expressionMap } = builder;
  const asked = expressionMap.wheres;
  // In brackets first: `a OR b` and then `AND tenant` would leave `a` unscoped.
  expressionMap.wheres =
    asked.length === 0
      ? []
      : [{ type: 'simple', condition: { operator: 'brackets', condition: asked } }];
  expressionMap.wheres.push({ type: 'and', condition: predicate });
  builder.setParameter(PARAMETER, boundTenant(path, runner));
}

/** The tenant as the driver takes it for the column that names it. */
export function boundTenant(path: TenantPath, { dataSource, place }: TenantRunner): unknown {
  return prepared(dataSource.driver, path.column, valueOf(path.column, place.tenant));
}

/** SQL that holds for the tenant's rows; `row` prefixes the columns of the row itself. */
export function tenantPredicate(path: TenantPath, parameter: string, row = ''): string {
  const [step, ...further] = path.steps;
  if (step === undefined) {
    return `${row}${escapeIdentifier(path.column.databaseName)} = ${parameter}`;
  }
  const own = step.columns.map(({ databaseName }) => `${row}${escapeIdentifier(databaseName)}`);
  const owner = step.ownerColumns.map(({ databaseName }) => escapeIdentifier(databaseName));
  const inner = tenantPredicate({ steps: further, column: path.column }, parameter);
  const left = own.length === 1 ? own.join() : `(${own.join(', ')})`;
  return `${left} IN (SELECT ${owner.join(', ')} FROM ${tableOf(step.owner.tablePath)} WHERE ${inner})`;
}

function mainMetadata(builder: CriteriaBuilder): EntityMetadata | undefined {
  const alias = builder.expressionMap.mainAlias;
  return alias?.hasMetadata === true ? alias.metadata : undefined;
}

function isUpdate(builder: CriteriaBuilder): builder is UpdateQueryBuilder<ObjectLiteral> {
  return builder.expressionMap.queryType === 'update';
}

function isDelete({ expressionMap }: CriteriaBuilder): boolean {
  return expressionMap.queryType === 'delete';
}

/** What the update sets: neither another tenant, nor an owner that is another's. */
async function checkValues(
  builder: UpdateQueryBuilder<ObjectLiteral>,
  metadata: EntityMetadata,
  runner: TenantRunner,
): Promise<void> {
  const all = (builder.expressionMap.valuesSet ?? {}) as ObjectLiteral;
  const row = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  const { createPropertyPath } = builder as unknown as PathMaker;
  const paths = createPropertyPath.call(builder, metadata, row);
  const sets = new Set(paths.flatMap((path) => metadata.findColumnsWithPropertyPath(path)));
  await checkRowValues(`update ${metadata.name}`, metadata, [row], runner, sets);
}

/** What TypeORM's builder asks which columns it sets; its typings hide it. */
interface PathMaker {
  createPropertyPath(metadata: EntityMetadata, values: ObjectLiteral): string[];
}

/**
 * Checks values that are about to be written without a loaded row: the tenant they name, and whose
 * the rows are to which they refer.
 * @throws TenantMismatchError, TenantUncheckableError
 */
export async function checkRowValues(
  attempted: string,
  metadata: EntityMetadata,
  rows: readonly ObjectLiteral[],
  runner: TenantRunner,
  sets?: RowValues['sets'],
): Promise<void> {
  const claims = new TenantClaims();
  for (const row of rows) {
    const values: RowValues = { metadata, row, runner, sets };
    checkTenant(attempted, values);
    claimReferences(claims, attempted, values);
  }
  await claims.check(runner);
}

function checkTenant(attempted: string, values: RowValues): void {
  const { metadata, runner, sets } = values;
  const path = tenantPathOf(metadata);
  if (path === undefined || path.steps.length > 0) return;
  const { shard, tenant } = runner.place;
  for (const value of givenValues(path.column, values)) {
    // What TypeORM makes no value of is set to NULL: `{ tenant: 't_2' }` beside a column `tenantId`.
    if (value === undefined && !twinsOf(path.column).some((twin) => sets?.has(twin))) continue;
    if (typeof value === 'function') {
      const reason = `${path.column.propertyPath} is an SQL expression, whose value no one knows yet`;
      throw new TenantUncheckableError(attempted, shard, reason);
    }
    const found = asText(value);
    if (found === tenant) continue;
    const what = `the ${metadata.name}`;
    throw new TenantMismatchError({ attempted, shard, tenant, found, what });
  }
}
