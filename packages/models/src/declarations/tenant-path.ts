import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { declarationOf } from './declare.ts';
import { DeclarationInvalidError } from './declaration-errors.ts';

/** One step from a row to its owner: these columns hold what those columns of the owner hold. */
interface OwnerStep {
  readonly columns: readonly ColumnMetadata[];
  readonly owner: EntityMetadata;
  readonly ownerColumns: readonly ColumnMetadata[];
}

/** How a row leads to its tenant: over its owners (mostly none) to the column that names it. */
export interface TenantPath {
  readonly steps: readonly OwnerStep[];
  readonly column: ColumnMetadata;
}

const paths = new WeakMap<EntityMetadata, TenantPath | false>();

/** The way from rows of the entity to their tenant; undefined where they belong to none. */
export function tenantPathOf(metadata: EntityMetadata): TenantPath | undefined {
  let path = paths.get(metadata);
  if (path === undefined) {
    path = findPath(metadata) ?? false;
    paths.set(metadata, path);
  }
  return path === false ? undefined : path;
}

function findPath(metadata: EntityMetadata): TenantPath | undefined {
  const declaration = declarationOf(metadata);
  if (metadata.isJunction || metadata.tableType === 'closure') return overEnds(metadata);
  if (declaration?.domain !== 'sharded' || declaration.tenant === undefined) return undefined;
  const { tenant } = declaration;
  if (typeof tenant !== 'string') return overRelation(metadata, tenant.through);
  const column = metadata.findColumnWithPropertyPath(tenant);
  if (column !== undefined) return { steps: [], column };
  throw new DeclarationInvalidError(metadata.name, `it has no column ${JSON.stringify(tenant)}`);
}

function overRelation(metadata: EntityMetadata, through: string): TenantPath {
  const relation = metadata.findRelationWithPropertyPath(through);
  const joined = relation === undefined ? undefined : stepOver(relation.joinColumns);
  if (joined === undefined) {
    const reason = `no owner is reached through ${JSON.stringify(through)}`;
    throw new DeclarationInvalidError(metadata.name, reason);
  }
  return joined;
}

/** A junction row belongs to whom the first of its ends that has a tenant belongs. */
function overEnds(metadata: EntityMetadata): TenantPath | undefined {
  return endsOf(metadata)
    .map((columns) => stepOver(columns))
    .find((path) => path !== undefined);
}

/** The columns of a junction or closure table, by the end they lead to. */
export function endsOf(metadata: EntityMetadata): ColumnMetadata[][] {
  return metadata.foreignKeys.length > 0
    ? metadata.foreignKeys.map(({ columns }) => columns)
    : [metadata.ownerColumns, metadata.inverseColumns];
}

function stepOver(columns: readonly ColumnMetadata[]): TenantPath | undefined {
  const ownerColumns = columns.flatMap(({ referencedColumn }) => referencedColumn ?? []);
  const owner = ownerColumns[0]?.entityMetadata;
  if (owner === undefined || ownerColumns.length !== columns.length) return undefined;
  const further = tenantPathOf(owner);
  if (further === undefined) return undefined;
  return { steps: [{ columns, owner, ownerColumns }, ...further.steps], column: further.column };
}
