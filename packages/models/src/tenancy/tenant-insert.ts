import type { EntityMetadata, InsertQueryBuilder, ObjectLiteral } from 'typeorm';
import { TenantMismatchError, TenantUncheckableError } from '../record-errors.ts';
import { checkRowValues } from './tenant-criteria.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';
import type { TenantRunner } from './tenant-runner.ts';
import { textOf, valueOf } from '../rows/tenant-value.ts';

/**
 * Stamps and checks the rows of an insert or upsert: those that name no tenant get the context's,
 * owners named by an id are read in one batch.
 * @throws TenantMismatchError, TenantUncheckableError
 */
export async function checkInsert(
  builder: InsertQueryBuilder<ObjectLiteral>,
  metadata: EntityMetadata,
  runner: TenantRunner,
): Promise<void> {
  const attempted = `insert ${metadata.name}`;
  const rows = valueSetsOf(builder);
  if (builder.expressionMap.insertFromSelect !== undefined) {
    if (!concernsTenants(metadata)) return;
    const reason = 'the rows come from a SELECT, and no one knows whose they are';
    throw new TenantUncheckableError(attempted, runner.place.shard, reason);
  }
  stampRows(builder, metadata, rows, runner);
  await checkRowValues(attempted, metadata, rows, runner);
  refuseOwnerless(attempted, metadata, rows, runner);
}

/** The rows of an insert, as the caller gave them. */
export function valueSetsOf(builder: InsertQueryBuilder<ObjectLiteral>): ObjectLiteral[] {
  const { valuesSet } = builder.expressionMap;
  if (Array.isArray(valuesSet)) return valuesSet;
  return valuesSet === undefined ? [] : [valuesSet];
}

function concernsTenants(metadata: EntityMetadata): boolean {
  return tenantPathOf(metadata) !== undefined;
}

function stampRows(
  builder: InsertQueryBuilder<ObjectLiteral>,
  metadata: EntityMetadata,
  rows: readonly ObjectLiteral[],
  runner: TenantRunner,
): void {
  const path = tenantPathOf(metadata);
  if (path === undefined || path.steps.length > 0) return;
  const { column } = path;
  const { insertColumns } = builder.expressionMap;
  if (insertColumns.length > 0 && !insertColumns.includes(column.propertyPath)) {
    insertColumns.push(column.propertyPath);
  }
  for (const row of rows) {
    const value: unknown = column.getEntityValue(row);
    if (value !== undefined && value !== null) continue;
    column.setEntityValue(row, valueOf(column, runner.place.tenant));
  }
}

/** A row whose tenant is its owner's must name its owner. */
function refuseOwnerless(
  attempted: string,
  metadata: EntityMetadata,
  rows: readonly ObjectLiteral[],
  { place }: TenantRunner,
): void {
  const step = tenantPathOf(metadata)?.steps[0];
  if (step === undefined) return;
  const { shard, tenant } = place;
  const what = `a ${metadata.name} without its owner`;
  for (const row of rows) {
    const named = step.columns.every((column) => textOf(column, row) !== undefined);
    if (!named) throw new TenantMismatchError({ attempted, shard, tenant, found: undefined, what });
  }
}
