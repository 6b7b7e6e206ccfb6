import type { Connection } from 'mysql2/promise';
import { escapeIdentifier } from '@switchyard/models';
import { rowsOf } from '../ledger/connection.ts';

/** The lowest id that a new shard may give out in a table. */
export interface IdFloor {
  readonly table: string;
  readonly floor: number;
}

/**
 * Floors for a sibling of this shard: above every id that was given out before ids were
 * interleaved. From then on the ordinal keeps them apart. Tables without AUTO_INCREMENT have none.
 */
export async function idFloors(
  connection: Connection,
  tables: readonly string[],
): Promise<IdFloor[]> {
  const floors: IdFloor[] = [];
  for (const table of tables) {
    // SHOW CREATE asks the engine; information_schema may answer from a cache a day old.
    const [row] = await rowsOf<Record<string, string>>(
      connection,
      `SHOW CREATE TABLE ${escapeIdentifier(table)}`,
    );
    const text = row?.['Create Table'] ?? '';
    if (!/\bAUTO_INCREMENT\b/.test(text)) continue;
    const next = /\) ENGINE=.*?\bAUTO_INCREMENT=(\d+)/s.exec(text)?.[1];
    if (next !== undefined) floors.push({ table, floor: Number(next) });
  }
  return floors;
}

/** Sets floors. InnoDB never lowers one, so repeating it does no harm. */
export async function setIdFloors(
  connection: Connection,
  floors: readonly IdFloor[],
): Promise<void> {
  for (const { table, floor } of floors) {
    await connection.query(
      `ALTER TABLE ${escapeIdentifier(table)} AUTO_INCREMENT = ${Math.trunc(floor)}`,
    );
  }
}
