import { printName } from '@switchyard/shard-context/internal';
import type { EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import {
  CrossDomainRelationError,
  DeclarationInvalidError,
  EntityUndeclaredError,
  IdStrategyMissingError,
  WrongDomainError,
} from './declaration-errors.ts';
import type { ShardedDeclaration } from './declaration.ts';
import { declarationOf } from './declare.ts';

/**
 * Holds declarations and metadata together when a sharded data source starts: every named column
 * and relation exists, no relation leaves the domain, and (with two or more shards) every entity is
 * declared and every AUTO_INCREMENT has a strategy. Call it again when a shard joins.
 * @throws DeclarationInvalidError, EntityUndeclaredError, IdStrategyMissingError,
 *   CrossDomainRelationError, WrongDomainError
 */
export function checkDeclarations(metadatas: readonly EntityMetadata[], shards: number): void {
  refuseNamesakes(metadatas);
  for (const metadata of metadatas) {
    refusePinned(metadata);
    refuseRelationsAcross(metadata);
    refuseOtherDatabase(metadata);
    const declaration = declarationOf(metadata);
    if (declaration?.domain === 'sharded' && !isDerived(metadata)) check(metadata, declaration);
  }
  if (shards < 2) return;
  const own = metadatas.filter((metadata) => !isDerived(metadata) && !isView(metadata));
  const undeclared = own.filter((metadata) => declarationOf(metadata) === undefined);
  if (undeclared.length > 0) throw new EntityUndeclaredError(undeclared.map(({ name }) => name));
  const missing = own.filter(lacksIdStrategy);
  if (missing.length > 0) throw new IdStrategyMissingError(missing.map(({ name }) => name));
}

/**
 * Refuses sharded entities in a plain data source, whose queries would know no shard, and relations
 * that leave the domain. Call it with the metadata of the pinned entities' own DataSource.
 * @throws WrongDomainError, CrossDomainRelationError
 */
export function checkPinned(metadatas: readonly EntityMetadata[]): void {
  for (const metadata of metadatas) {
    refuseRelationsAcross(metadata);
    if (declarationOf(metadata)?.domain !== 'sharded') continue;
    const reason = 'it is sharded, and a plain DataSource knows no shard';
    throw new WrongDomainError(metadata.name, reason, 'Use it through the ShardedDataSource');
  }
}

/** A global ID names the model of its record, and must lead to one table. */
function refuseNamesakes(metadatas: readonly EntityMetadata[]): void {
  const targets = new Map<string, unknown>();
  for (const { name, target, tableType } of metadatas) {
    if (tableType === 'junction' || tableType === 'closure-junction') continue;
    if (targets.has(name) && targets.get(name) !== target) {
      const reason = 'another entity has this name too, and a global ID could mean either';
      throw new DeclarationInvalidError(name, reason);
    }
    targets.set(name, target);
  }
}

function refusePinned(metadata: EntityMetadata): void {
  const declaration = declarationOf(metadata);
  if (declaration?.domain !== 'pinned') return;
  throw new WrongDomainError(
    metadata.name,
    `it is pinned to the domain ${declaration.name}, and this data source is sharded`,
    'Move it to the plain DataSource of its domain',
  );
}

/** Every shard's rows would go to that one database, past the fence of each. */
function refuseOtherDatabase({ name, database, tablePath }: EntityMetadata): void {
  if (!database && !tablePath.includes('.')) return;
  const reason = `its table ${printName(tablePath)} names a database, which would be the same on every shard`;
  throw new DeclarationInvalidError(name, reason);
}

/** TypeORM needs both sides in one data source; that one of them is declared elsewhere is the sign. */
function refuseRelationsAcross(metadata: EntityMetadata): void {
  const here = declarationOf(metadata)?.domain;
  for (const relation of metadata.relations) {
    const there = declarationOf(relation.inverseEntityMetadata)?.domain;
    if (here === undefined || there === undefined || here === there) continue;
    const to = relation.inverseEntityMetadata.name;
    const attempted = `relate ${metadata.name}.${relation.propertyPath} to ${to}`;
    throw new CrossDomainRelationError(metadata.name, to, attempted);
  }
}

function check(metadata: EntityMetadata, declaration: ShardedDeclaration): void {
  checkTenant(metadata, declaration);
  checkIds(metadata, declaration);
}

function checkTenant(metadata: EntityMetadata, declaration: ShardedDeclaration): void {
  const { tenant, scopeReads } = declaration;
  if (tenant === undefined && scopeReads !== true) return;
  if (tenant === undefined) {
    const reason = 'its rows belong to no tenant, by which its reads could be scoped';
    throw new DeclarationInvalidError(metadata.name, reason);
  }
  if (metadata.treeType === 'nested-set') {
    const reason =
      'a nested set numbers all rows of its table, so tenants would write each other’s';
    throw new DeclarationInvalidError(metadata.name, reason);
  }
  if (typeof tenant === 'string') {
    if (metadata.findColumnWithPropertyPath(tenant) !== undefined) return;
    throw new DeclarationInvalidError(metadata.name, `it has no column ${JSON.stringify(tenant)}`);
  }
  followTenant(metadata, [metadata]);
}

/** The chain of relations must end at a tenant column, and lead towards one owner each time. */
function followTenant(metadata: EntityMetadata, path: readonly EntityMetadata[]): void {
  const declaration = declarationOf(metadata);
  const start = path[0]?.name ?? metadata.name;
  if (declaration?.domain !== 'sharded' || declaration.tenant === undefined) {
    throw new DeclarationInvalidError(start, `${metadata.name}, where it leads, has no tenant`);
  }
  if (typeof declaration.tenant === 'string') return;
  const { through } = declaration.tenant;
  const relation = metadata.findRelationWithPropertyPath(through);
  if (relation === undefined) {
    const reason = `${metadata.name} has no relation ${JSON.stringify(through)}`;
    throw new DeclarationInvalidError(start, reason);
  }
  if (relation.joinColumns.length === 0 || relation.isManyToMany) {
    const reason = `${metadata.name}.${through} has no join column: the row does not name its owner`;
    throw new DeclarationInvalidError(start, reason);
  }
  const owner = relation.inverseEntityMetadata;
  if (owner === metadata) {
    throw new DeclarationInvalidError(start, `${through} leads back to ${owner.name}`);
  }
  if (path.includes(owner)) {
    throw new DeclarationInvalidError(start, `its relations lead in a circle to ${owner.name}`);
  }
  followTenant(owner, [...path, owner]);
}

function checkIds(metadata: EntityMetadata, { ids }: ShardedDeclaration): void {
  if (ids === 'interleaved') {
    const column = metadata.primaryColumns.find(isAutoIncrement);
    if (column === undefined) {
      throw new DeclarationInvalidError(metadata.name, 'interleaved ids need AUTO_INCREMENT');
    }
    if (isBigint(column)) return;
    const reason = `interleaved ids need BIGINT, and ${column.propertyName} is ${String(column.type)}`;
    throw new DeclarationInvalidError(metadata.name, reason);
  }
  if (ids !== 'uuid' || uuidColumnOf(metadata) !== undefined) return;
  throw new DeclarationInvalidError(
    metadata.name,
    'uuid ids need one primary column of a character type or uuid, not AUTO_INCREMENT',
  );
}

/** The column that the `uuid` strategy fills; undefined where there is none it could fill. */
export function uuidColumnOf(metadata: EntityMetadata): ColumnMetadata | undefined {
  const candidates = metadata.primaryColumns.filter(
    (column) => column.relationMetadata === undefined && !isAutoIncrement(column),
  );
  return candidates.length === 1 && isText(candidates[0] as ColumnMetadata)
    ? candidates[0]
    : undefined;
}

function isText({ type }: ColumnMetadata): boolean {
  return type === String || ['char', 'varchar', 'uuid', 'string'].includes(String(type));
}

function isAutoIncrement({ isGenerated, generationStrategy }: ColumnMetadata): boolean {
  return isGenerated && generationStrategy === 'increment';
}

function isBigint({ type }: ColumnMetadata): boolean {
  return type === 'bigint';
}

function lacksIdStrategy(metadata: EntityMetadata): boolean {
  const declaration = declarationOf(metadata);
  if (declaration?.domain !== 'sharded' || declaration.ids !== undefined) return false;
  return metadata.primaryColumns.some(isAutoIncrement);
}

/** Tables that TypeORM makes for relations and trees; what holds for their owner holds for them. */
function isDerived(metadata: EntityMetadata): boolean {
  return metadata.isJunction || metadata.tableType === 'closure' || isChild(metadata);
}

function isChild({ parentEntityMetadata, tableType }: EntityMetadata): boolean {
  return parentEntityMetadata !== undefined && tableType === 'entity-child';
}

function isView({ tableType }: EntityMetadata): boolean {
  return tableType === 'view';
}
