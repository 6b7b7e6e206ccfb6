import type { Place } from '@switchyard/shard-context';
import { StaleRouteError } from '@switchyard/shard-context/internal';
import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import { originOf } from './origin.ts';
import { RecordMisplacedError } from '../record-errors.ts';
import { tenantPathOf } from '../declarations/tenant-path.ts';

/** One member of a graph that was reached. */
export interface Member {
  readonly record: ObjectLiteral;
  readonly metadata: EntityMetadata;
}

/**
 * Refuses a graph with a member of another place: the roots, and whatever hangs on their relations,
 * cascaded or not, because relating rows of two shards is as wrong as writing one there. Runs no
 * query and triggers no lazy relation.
 * @throws RecordMisplacedError for a member of another place; StaleRouteError (retryable) for one
 *   that was loaded before its tenant moved
 */
export function refuseMisplaced(attempted: string, roots: Iterable<Member>, place: Place): void {
  for (const { record, metadata } of membersOf(roots)) {
    judge(`${attempted} ${metadata.name}`, metadata, record, place);
  }
}

/** The roots and all that hangs on them, each once. */
export function* membersOf(roots: Iterable<Member>): Generator<Member> {
  const seen = new Set<object>();
  const waiting = [...roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (seen.has(next.record)) continue;
    seen.add(next.record);
    const metadata = next.metadata.findInheritanceMetadata(next.record) as EntityMetadata;
    yield { record: next.record, metadata };
    waiting.push(...relatedOf(metadata, next.record));
  }
}

/** The objects on a record's relations that are there already: nothing lazy is started. */
function* relatedOf(metadata: EntityMetadata, record: ObjectLiteral): Generator<Member> {
  for (const relation of metadata.relations) {
    const value: unknown = relation.getEntityValue(record);
    for (const related of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isRecord(related)) yield { record: related, metadata: relation.inverseEntityMetadata };
    }
  }
}

function isRecord(value: unknown): value is ObjectLiteral {
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
