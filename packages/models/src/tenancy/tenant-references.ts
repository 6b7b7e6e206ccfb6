import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { TenantMismatchError, TenantUncheckableError } from '../record-errors.ts';
import type { TenantClaims } from './tenant-claims.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';
import type { TenantRunner } from './tenant-runner.ts';
import { prepared, valueOf } from '../rows/tenant-value.ts';
import { twinsOf, valuesOf } from '../rows/written-values.ts';

/** Values that are about to be written without a loaded row. */
export interface RowValues {
  readonly metadata: EntityMetadata;
  readonly row: ObjectLiteral;
  readonly runner: TenantRunner;
  /** The columns that an update sets; undefined for an insert, which leaves no other value. */
  readonly sets?: ReadonlySet<ColumnMetadata> | undefined;
}

/** Claims the rows to which values refer. @throws TenantMismatchError, TenantUncheckableError */
export function claimReferences(claims: TenantClaims, attempted: string, values: RowValues): void {
  for (const foreignKey of referencesOf(values.metadata)) {
    claimReference(claims, attempted, foreignKey, values);
  }
}

function claimReference(
  claims: TenantClaims,
  attempted: string,
  foreignKey: readonly ColumnMetadata[],
  values: RowValues,
): void {
  const { metadata, runner, sets } = values;
  const { shard } = runner.place;
  const own = tenantPathOf(metadata);
  const names = own?.steps.length === 0 ? own.column : undefined;
  const given = foreignKey.filter((column) => isSet(column, sets));
  // That it names the tenant was checked, and the rows that are updated named the same before.
  if (sets !== undefined && given.every((column) => isTwin(column, names))) return;
  const known = new Map<ColumnMetadata, unknown>();
  for (const column of given) {
    const [value, ...others] = givenValues(column, values);
    if (typeof value === 'function') {
      const reason = `${column.propertyPath} is an SQL expression, whose owner no one knows yet`;
      throw new TenantUncheckableError(attempted, shard, reason);
    }
    if (others.length > 0) {
      const reason = `its relations name different values of their column ${column.databaseName}`;
      throw new TenantUncheckableError(attempted, shard, reason);
    }
    const key = prepared(runner.dataSource.driver, column.referencedColumn ?? column, value);
    known.set(column, key);
  }
  if ([...known.values()].includes(undefined)) {
    // Also when an update takes the owner away: the row would belong to no one.
    if (sets !== undefined && leads(metadata, foreignKey)) throw ownerless(attempted, values);
    return;
  }
  for (const column of foreignKey) {
    if (names === undefined || known.has(column) || !isTwin(column, names)) continue;
    const tenant = valueOf(names, runner.place.tenant);
    known.set(column, prepared(runner.dataSource.driver, names, tenant));
  }
  const missing = foreignKey.find((column) => !known.has(column));
  if (missing !== undefined) {
    const reason = `it sets a part of a key only, and ${missing.propertyPath} is what each row has`;
    throw new TenantUncheckableError(attempted, shard, reason);
  }
  const columns = foreignKey.flatMap(({ referencedColumn }) => referencedColumn ?? []);
  const owner = columns[0]?.entityMetadata as EntityMetadata;
  const key = foreignKey.map((column) => known.get(column));
  claims.add({ metadata: owner, columns, values: key }, attempted, { mustExist: true });
}

type Sets = RowValues['sets'];

function isSet(column: ColumnMetadata, sets: Sets): boolean {
  return sets === undefined || twinsOf(column).some((twin) => sets.has(twin));
}

function isTwin(column: ColumnMetadata, other: ColumnMetadata | undefined): boolean {
  return other !== undefined && twinsOf(other).includes(column);
}

/** What an insert or update gives for a column, for every relation that it is given for. */
export function givenValues(column: ColumnMetadata, { row, sets }: RowValues): unknown[] {
  const all = twinsOf(column);
  return valuesOf(sets === undefined ? all : all.filter((twin) => sets.has(twin)), row);
}

/** True for the columns by which rows of the entity name their owner. */
export function leads(metadata: EntityMetadata, columns: readonly ColumnMetadata[]): boolean {
  const step = tenantPathOf(metadata)?.steps[0];
  return step !== undefined && step.columns.every((column, i) => column === columns[i]);
}

function ownerless(attempted: string, { metadata, runner }: RowValues): Error {
  const { shard, tenant } = runner.place;
  const what = `a ${metadata.name} without its owner`;
  return new TenantMismatchError({ attempted, shard, tenant, found: undefined, what });
}

/** The join columns of each relation, or end of a junction table, whose target has a tenant. */
function referencesOf(metadata: EntityMetadata): ColumnMetadata[][] {
  const all = metadata.isJunction
    ? [metadata.ownerColumns, metadata.inverseColumns]
    : metadata.relationsWithJoinColumns.map(({ joinColumns }) => joinColumns);
  return all.filter((columns) => {
    const owner = columns[0]?.referencedColumn?.entityMetadata;
    return owner !== undefined && tenantPathOf(owner) !== undefined;
  });
}
