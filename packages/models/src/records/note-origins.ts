import type { Place } from '@switchyard/shard-context';
import type { EntityMetadata } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import { setOrigin } from './origin.ts';

/**
 * Notes the origin of loaded records and of what was joined to them. Runs for every row that is
 * loaded, so it looks at each relation once and at each record once.
 */
export function noteOrigins(
  metadata: EntityMetadata,
  records: readonly object[],
  place: Place,
): void {
  const { relations } = metadata;
  for (const record of records) {
    if (!setOrigin(record, place)) continue; // reached over another relation already
    if (relations.length > 0) noteRelated(relations, record, place);
  }
}

function noteRelated(relations: readonly RelationMetadata[], record: object, place: Place): void {
  for (const relation of relations) {
    const value: unknown = relation.getEntityValue(record);
    if (typeof value !== 'object' || value === null || value instanceof Promise) continue;
    const related = Array.isArray(value) ? (value as unknown[]) : [value];
    // `loadRelationIds` puts ids where records would be.
    const records = related.filter((item) => typeof item === 'object' && item !== null);
    if (records.length > 0) noteOrigins(relation.inverseEntityMetadata, records as object[], place);
  }
}
