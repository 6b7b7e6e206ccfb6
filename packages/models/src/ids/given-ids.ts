import { channels } from '@switchyard/shard-context';
import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { declarationOf } from '../declarations/declare.ts';
import { IdGivenError } from '../record-errors.ts';

/** Records whose ids were declared to be free. */
const allowed = new WeakSet<object>();

/**
 * The named way out of the rule that ids of `interleaved` entities come from the shard: lets a new
 * record be inserted under the id that it has. For imports, and for rows that are put back. The
 * caller knows that no row of the fleet has the id, also none of a tenant that has moved away.
 * Published on `switchyard:escape`.
 *
 * @example
 * await accounts.insert(withGivenId('import of 2019', { id: '4711', email }));
 */
export function withGivenId<T extends object>(reason: string, record: T): T {
  if (channels.escape.hasSubscribers) {
    channels.escape.publish({ escape: 'withGivenId', reason, place: undefined });
  }
  allowed.add(record);
  return record;
}

/**
 * Refuses a row that is about to be inserted for a tenant under an id of the caller. An id belongs
 * to the whole fleet: that it is free on this shard says nothing, because its row may have moved
 * away, or stand on the shard where it was born.
 * @throws IdGivenError
 */
export function refuseGivenId(metadata: EntityMetadata, row: ObjectLiteral, shard: string): void {
  const column = interleavedColumnOf(metadata);
  if (column === undefined || allowed.has(row)) return;
  const value: unknown = column.getEntityValue(row);
  if (isGiven(value)) throw new IdGivenError(metadata.name, shard);
}

/** The column whose ids the shards give out; undefined for entities that declare other ids. */
function interleavedColumnOf(metadata: EntityMetadata): ColumnMetadata | undefined {
  const declaration = declarationOf(metadata);
  if (declaration?.domain !== 'sharded' || declaration.ids !== 'interleaved') return undefined;
  return metadata.generatedColumns.find(
    ({ generationStrategy }) => generationStrategy === 'increment',
  );
}

/** The server gives an id for 0 as well, unless its session says otherwise. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && Number(value) !== 0;
}
