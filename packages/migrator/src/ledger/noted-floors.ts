import type { Connection } from 'mysql2/promise';
import type { IdCeilings } from '@switchyard/models';
import { raiseIdFloors } from '@switchyard/models/internal';
import { rowsOf } from '../server/connection.ts';
import { isApplied, noteBaseline, readMigrationRows, type Author } from './ledger.ts';

/** The ledger row of a shard whose tables are still to be made, and then to begin at higher ids. */
export const FLOORS = '(id floors)';

/** The content of that row until the shard has all that its sibling had. */
interface NotedFloors {
  /** The sibling's migrations when the floors were read. */
  readonly migrations: readonly string[];
  /** By table, as text: ids go beyond 2^53. */
  readonly ceilings: Readonly<Record<string, string>>;
}

/** Where floors come from. */
export interface FloorsOfSibling {
  readonly sibling: string;
  readonly migrations: readonly string[];
  readonly ceilings: IdCeilings;
}

/**
 * Keeps the ids that a sibling has given out for a shard that has no tables yet. Its migrations
 * raise the counters of what they make ({@link raiseNotedFloors}).
 */
export async function noteFloors(
  connection: Connection,
  author: Author,
  { sibling, migrations, ceilings }: FloorsOfSibling,
): Promise<void> {
  const texts = [...ceilings].map(([table, top]) => [table, String(top)] as const);
  const noted: NotedFloors = { migrations, ceilings: Object.fromEntries(texts) };
  await noteBaseline(connection, author, {
    migration: FLOORS,
    clause: `ids of ${sibling}`,
    state: 'done',
    checksum: null,
    plan: JSON.stringify(noted),
  });
}

/**
 * Raises the counters of the tables that are there by now, at the end of `migration`. The floors are
 * kept until the shard has every migration that its sibling had: one may drop and make a table anew.
 */
export async function raiseNotedFloors(
  connection: Connection,
  shard: string,
  migration: string,
): Promise<void> {
  const [row] = await rowsOf<{ seq: number; plan: string }>(
    connection,
    'SELECT seq, plan FROM shard_ledger WHERE migration = ? AND plan IS NOT NULL',
    [FLOORS],
  );
  if (row === undefined) return;
  const { ceilings, migrations } = JSON.parse(row.plan) as NotedFloors;
  const tops = Object.entries(ceilings).map(([table, top]) => [table, BigInt(top)] as const);
  await raiseIdFloors(connection, new Map(tops));
  const rows = await readMigrationRows(connection, shard);
  if (migrations.some((name) => name !== migration && !isApplied(rows, name))) return;
  await connection.query('UPDATE shard_ledger SET plan = NULL WHERE seq = ?', [row.seq]);
}
