import type { Place } from '@switchyard/shard-context';
import type { EntityMetadata } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import type { MappedJoin } from '../record-rules.ts';
import { setOrigin } from './origin.ts';

/**
 * Notes the origin of loaded records and of what was joined to them, as relations or mapped to other
 * properties. Runs for every row that is loaded, so it looks at each relation once and at each
 * record once.
 */
export function noteOrigins(
  metadata: EntityMetadata,
  records: readonly object[],
  place: Place,
  mapped: readonly MappedJoin[],
): void {
  const { relations } = metadata;
  for (const record of records) {
    if (!setOrigin(record, place)) continue; // reached over another relation already
    if (relations.length > 0) noteRelated(relations, record, place, mapped);
    if (mapped.length > 0) noteMapped(record, place, mapped);
  }
}

function noteRelated(
  relations: readonly RelationMetadata[],
  record: object,
  place: Place,
  mapped: readonly MappedJoin[],
): void {
  for (const relation of relations) {
    const joined = recordsIn(relation.getEntityValue(record));
    if (joined.length > 0) noteOrigins(relation.inverseEntityMetadata, joined, place, mapped);
  }
}

function noteMapped(record: object, place: Place, mapped: readonly MappedJoin[]): void {
  for (const { property, metadata } of mapped) {
    const joined = recordsIn((record as Record<string, unknown>)[property]);
    if (joined.length > 0) noteOrigins(metadata, joined, place, mapped);
  }
}

const NONE: readonly object[] = [];

/** `loadRelationIds` puts ids where records would be; a lazy relation is not there yet. */
function recordsIn(value: unknown): readonly object[] {
  if (typeof value !== 'object' || value === null || value instanceof Promise) return NONE;
  if (!Array.isArray(value)) return [value];
  return (value as unknown[]).filter((item): item is object => {
    return typeof item === 'object' && item !== null;
  });
}
