import {
  isSwitchyardError,
  type LocatedRecord,
  type RecordReference,
  type Topology,
} from '@switchyard/shard-context';
import { asksForChange } from '@switchyard/mysql/internal';
import type { DataSource, EntityMetadata } from 'typeorm';
import { nameOfParts } from '../rows/match-rows.ts';

/** A data source over a topology; a `ShardedDataSource` is one. */
export type FleetDataSource = DataSource & { readonly topology: Topology };

/** A reference on its way to an outcome. */
export interface Search {
  readonly reference: RecordReference;
  readonly metadata: EntityMetadata;
}

/** The id of a reference as one text, as it is written there. */
export function searchKey({ reference }: Search): string {
  return nameOfParts(reference.id);
}

/** A reference and what became of it. */
export type Outcome = [RecordReference, LocatedRecord];

/** The outcome of a reference that contradicts the known facts. */
export function misrouted(reason: string): LocatedRecord {
  return { outcome: 'misrouted', reason };
}

/** What a failed query means: a lock speaks against the reference; the rest may pass. */
export function failure(error: unknown): LocatedRecord {
  for (const code of ['SHARD_LOCKED', 'SHARD_SWITCH_IN_TRANSACTION'] as const) {
    if (isSwitchyardError(error, code)) return misrouted(error.message);
  }
  const outcome = { outcome: 'unavailable', cause: error } as const;
  return asksForChange(error) ? { ...outcome, answered: true } : outcome;
}
