import { getMetadataArgsStorage, type EntityMetadata } from 'typeorm';
import type { PinnedDeclaration } from './declaration.ts';
import { declaredOn } from './declare.ts';
import { CrossDomainRelationError, WrongDomainError } from './declaration-errors.ts';
import { nameOf } from './relations-across.ts';

/**
 * Refuses a pinned entity of which a sharded data source was asked: TypeORM would say that it has
 * no metadata, and to add it to this data source would be the wrong cure.
 * @throws WrongDomainError
 */
export function refusePinned(target: unknown): void {
  const pinned = pinnedAs(target);
  if (pinned === undefined) return;
  throw new WrongDomainError(
    nameOf(target),
    `it is pinned to the domain ${pinned.name}, and this data source is sharded`,
    'Use it through the plain DataSource of its domain',
  );
}

/** A builder as far as it says what it reads or writes, and inside which other one. */
interface Reading {
  readonly dataSource: { hasMetadata(target: unknown): boolean };
  readonly expressionMap: { readonly mainAlias?: MainAlias | undefined };
  readonly parentQueryBuilder?: Reading | undefined;
}
interface MainAlias {
  readonly hasMetadata: boolean;
  readonly metadata: EntityMetadata;
}

/**
 * Refuses a pinned entity in the query of a sharded one: joined, as a further table, in a sub-query.
 * TypeORM would take the class for a function that makes a sub-query.
 * @throws CrossDomainRelationError naming both; WrongDomainError where the query has no other entity
 */
export function refusePinnedIn(builder: Reading, target: unknown): void {
  if (pinnedAs(target) === undefined || builder.dataSource.hasMetadata(target)) return;
  const sharded = entityOf(builder);
  if (sharded === undefined) return refusePinned(target);
  const pinned = nameOf(target);
  throw new CrossDomainRelationError(sharded, pinned, `use ${pinned} in a query of ${sharded}`);
}

function entityOf(builder: Reading | undefined): string | undefined {
  if (builder === undefined) return undefined;
  const { mainAlias } = builder.expressionMap;
  return mainAlias?.hasMetadata ? mainAlias.metadata.name : entityOf(builder.parentQueryBuilder);
}

function pinnedAs(target: unknown): PinnedDeclaration | undefined {
  const declaration = declaredOn(target) ?? declaredOn(classNamed(target));
  return declaration?.domain === 'pinned' ? declaration : undefined;
}

/** A class that is asked for by its name. Paths of properties and sub-queries are no names. */
function classNamed(target: unknown): unknown {
  if (typeof target !== 'string' || /[^\w$]/.test(target)) return undefined;
  const { tables } = getMetadataArgsStorage();
  return tables.find(({ target: known }) => typeof known === 'function' && known.name === target)
    ?.target;
}
