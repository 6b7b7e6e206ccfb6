import type { EntityMetadata, ObjectLiteral, UpdateQueryBuilder } from 'typeorm';
import type { CriteriaBuilder } from '../data-source/guards.ts';
import { escapeIdentifier } from '../system/escape-identifier.ts';
import { TenantMismatchError, TenantUncheckableError } from './record-errors.ts';
import { TenantClaims } from './tenant-claims.ts';
import { tenantPathOf, type TenantPath } from './tenant-path.ts';
import { tableOf } from './row-key.ts';
import type { TenantRunner } from './tenant-runner.ts';
import { prepared, textOf, valueOf } from './tenant-value.ts';

/** Name of the bound tenant in a statement; unlikely in anybody's own SQL. */
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
  const path = tenantPathOf(metadata);
  if (path === undefined) return;
  const { expressionMap } = builder;
  const asked = expressionMap.wheres;
  // In brackets first: `a OR b` and then `AND tenant` would leave `a` unscoped.
  expressionMap.wheres =
    asked.length === 0
      ? []
      : [{ type: 'simple', condition: { operator: 'brackets', condition: asked } }];
  const predicate = tenantPredicate(path, `:${PARAMETER}`);
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

/** What the update sets: neither another tenant, nor an owner that is another's. */
async function checkValues(
  builder: UpdateQueryBuilder<ObjectLiteral>,
  metadata: EntityMetadata,
  runner: TenantRunner,
): Promise<void> {
  const values = (builder.expressionMap.valuesSet ?? {}) as ObjectLiteral;
  await checkRowValues(`update ${metadata.name}`, metadata, [values], runner);
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
): Promise<void> {
  const claims = new TenantClaims();
  for (const row of rows) {
    checkTenant(attempted, metadata, row, runner);
    claimReferences(claims, attempted, { metadata, row, runner });
  }
  await claims.check(runner);
}

function checkTenant(
  attempted: string,
  metadata: EntityMetadata,
  row: ObjectLiteral,
  runner: TenantRunner,
): void {
  const path = tenantPathOf(metadata);
  if (path === undefined || path.steps.length > 0) return;
  const { place } = runner;
  const value: unknown = path.column.getEntityValue(row);
  if (value === undefined) return;
  if (typeof value === 'function') {
    const reason = `${path.column.propertyPath} is an SQL expression, whose value nobody knows yet`;
    throw new TenantUncheckableError(attempted, place.shard, reason);
  }
  const found = textOf(path.column, row);
  if (found === place.tenant) return;
  const { shard, tenant } = place;
  throw new TenantMismatchError({ attempted, shard, tenant, found, what: `the ${metadata.name}` });
}

function claimReferences(
  claims: TenantClaims,
  attempted: string,
  { metadata, row, runner }: { metadata: EntityMetadata; row: ObjectLiteral; runner: TenantRunner },
): void {
  const { driver } = runner.dataSource;
  for (const foreignKey of referencesOf(metadata)) {
    const raw = foreignKey.map((column) => column.getEntityValue(row) as unknown);
    if (raw.some((value) => typeof value === 'function')) {
      const reason = `${foreignKey[0]?.propertyPath} is an SQL expression, whose owner nobody knows yet`;
      throw new TenantUncheckableError(attempted, runner.place.shard, reason);
    }
    const columns = foreignKey.flatMap(({ referencedColumn }) => referencedColumn ?? []);
    const values = foreignKey.map((column, i) => prepared(driver, columns[i] ?? column, raw[i]));
    const owner = columns[0]?.entityMetadata;
    if (owner === undefined || values.some((value) => value === undefined)) continue;
    claims.add({ metadata: owner, columns, values }, attempted, { mustExist: true });
  }
}

/** The join columns of each relation, or end of a junction table, whose target has a tenant. */
export function referencesOf(metadata: EntityMetadata): (typeof metadata.ownColumns)[] {
  const all = metadata.isJunction
    ? [metadata.ownerColumns, metadata.inverseColumns]
    : metadata.relationsWithJoinColumns.map(({ joinColumns }) => joinColumns);
  return all.filter((columns) => {
    const owner = columns[0]?.referencedColumn?.entityMetadata;
    return owner !== undefined && tenantPathOf(owner) !== undefined;
  });
}
