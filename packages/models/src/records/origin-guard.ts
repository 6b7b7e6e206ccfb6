import { StaleRouteError, type Place } from '@switchyard/shard-context';
import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import { originOf } from './origin.ts';
import { RecordMisplacedError } from './record-errors.ts';
import { tenantPathOf } from './tenant-path.ts';

/**
 * Refuses a graph with a member of another place: the roots, and whatever hangs on their relations,
 * cascaded or not, because relating rows of two shards is as wrong as writing one there. Runs no
 * query and triggers no lazy relation.
 * @throws RecordMisplacedError for a member of another place; StaleRouteError (retryable) for one
 *   that was loaded before its tenant moved
 */
export function refuseMisplaced(
  attempted: string,
  metadata: EntityMetadata,
  roots: readonly object[],
  place: Place,
): void {
  const seen = new Set<object>();
  for (const root of roots) visit(attempted, metadata, root, { place, seen });
}

interface Walk {
  readonly place: Place;
  readonly seen: Set<object>;
}

function visit(attempted: string, metadata: EntityMetadata, record: object, walk: Walk): void {
  if (walk.seen.has(record)) return;
  walk.seen.add(record);
  const own = metadata.findInheritanceMetadata(record) as EntityMetadata;
  judge(`${attempted} ${own.name}`, own, record, walk.place);
  for (const [related, target] of relatedOf(own, record)) visit(attempted, target, related, walk);
}

/** The objects on a record's relations that are there already: nothing lazy is started. */
export function* relatedOf(
  metadata: EntityMetadata,
  record: ObjectLiteral,
): Generator<[object, EntityMetadata]> {
  for (const relation of metadata.relations) {
    const value: unknown = relation.getEntityValue(record);
    for (const related of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isRecord(related)) yield [related, relation.inverseEntityMetadata];
    }
  }
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(value instanceof Promise);
}

function judge(attempted: string, metadata: EntityMetadata, record: object, place: Place): void {
  const origin = originOf(record);
  if (origin === undefined || origin === place) return;
  if (belongsHere(metadata, origin, place)) return;
  if (!hasMoved(metadata, origin, place)) throw new RecordMisplacedError(attempted, origin, place);
  throw new StaleRouteError({
    attempted: `${attempted}, which was loaded on ${origin.shard}`,
    shard: place.shard,
    tenant: place.tenant as string,
    seenEpoch: Math.min(origin.epoch ?? 0, place.epoch ?? 0),
  });
}

/**
 * A row of a tenant must be of this tenant and epoch where both are known; a row of none (reference
 * data) must be of this shard only.
 */
function belongsHere(metadata: EntityMetadata, origin: Place, place: Place): boolean {
  if (origin.fleet !== place.fleet || origin.shard !== place.shard) return false;
  if (tenantPathOf(metadata) === undefined) return true;
  if (origin.tenant === undefined || place.tenant === undefined) return true;
  return origin.tenant === place.tenant && origin.epoch === place.epoch;
}

function hasMoved(metadata: EntityMetadata, origin: Place, place: Place): boolean {
  if (tenantPathOf(metadata) === undefined || place.tenant === undefined) return false;
  return (
    origin.fleet === place.fleet && origin.tenant === place.tenant && origin.epoch !== place.epoch
  );
}
