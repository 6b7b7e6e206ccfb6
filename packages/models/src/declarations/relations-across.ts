import { getMetadataArgsStorage, type EntitySchema } from 'typeorm';
import type { Declaration } from './declaration.ts';
import { declaredOn } from './declare.ts';
import { CrossDomainRelationError } from './declaration-errors.ts';

/** A relation as it was declared, before TypeORM looked for its other side. */
interface DeclaredRelation {
  readonly property: string;
  readonly target: unknown;
}

/**
 * Refuses relations between a sharded and a pinned entity, before TypeORM builds metadata: it would
 * say that the other side is missing, and to add it would be the wrong cure. Looks at classes and
 * schemas; entities given as file patterns are looked at once they are loaded.
 * @throws CrossDomainRelationError naming both
 */
export function refuseRelationsAcross(entities: readonly unknown[]): void {
  for (const entity of entities) {
    const here = domainOf(entity);
    if (here === undefined) continue;
    for (const { property, target } of relationsOf(entity)) {
      const there = domainOf(target);
      if (there === undefined || there === here) continue;
      const [from, to] = [nameOf(entity), nameOf(target)];
      throw new CrossDomainRelationError(from, to, `relate ${from}.${property} to ${to}`);
    }
  }
}

function domainOf(entity: unknown): Declaration['domain'] | undefined {
  return declaredOn(entity)?.domain;
}

function relationsOf(entity: unknown): DeclaredRelation[] {
  if (isSchema(entity)) {
    return Object.entries(entity.options.relations ?? {}).map(([property, relation]) => ({
      property,
      target: targetOf(relation?.target),
    }));
  }
  return getMetadataArgsStorage()
    .relations.filter(({ target }) => isOrExtends(entity, target))
    .map(({ propertyName, type }) => ({ property: propertyName, target: targetOf(type) }));
}

function isSchema(entity: unknown): entity is EntitySchema {
  const mark = (entity as { '@instanceof'?: unknown } | null | undefined)?.['@instanceof'];
  return mark === Symbol.for('EntitySchema');
}

function isOrExtends(entity: unknown, target: unknown): boolean {
  if (typeof entity !== 'function' || typeof target !== 'function') return false;
  return entity === target || entity.prototype instanceof target;
}

/** `() => Account`, a class, a schema or a name. An arrow function has no prototype; a class has. */
function targetOf(type: unknown): unknown {
  if (typeof type !== 'function' || 'prototype' in type) return type;
  return (type as () => unknown)();
}

/** The name of a class or schema, or the name by which it was asked for. */
export function nameOf(entity: unknown): string {
  if (isSchema(entity)) return entity.options.name;
  return typeof entity === 'function' ? entity.name : String(entity);
}
