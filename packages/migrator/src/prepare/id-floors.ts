import type { Connection } from 'mysql2/promise';
import type { IdCeilings } from '@switchyard/models';
import { readIdCeilings } from '@switchyard/models/internal';

/** The lowest id that a new shard may give out in a table. */
export interface IdFloor {
  readonly table: string;
  /** As text: ids go beyond 2^53. */
  readonly floor: string;
}

/** The highest ids that these tables have given out; tables that gave out none are left out. */
export async function idCeilings(
  connection: Connection,
  tables: readonly string[],
): Promise<IdCeilings> {
  const all = await readIdCeilings(connection);
  return new Map([...all].filter(([table, top]) => top > 0n && tables.includes(table)));
}

/** Floors for a sibling: above every id that was given out before ids were interleaved. */
export function floorsAbove(ceilings: IdCeilings): IdFloor[] {
  return [...ceilings].map(([table, top]) => ({ table, floor: String(top + 1n) }));
}
