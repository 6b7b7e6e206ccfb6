import type { Connection } from 'mysql2/promise';
import type { Shard } from '@switchyard/shard-context';
import type { Fleet } from '../rollout/fleet.ts';
import { isNamed } from '../fleet/files-and-ledger.ts';
import { isApplied, readHalfDone, readMigrationRows, type LedgerRow } from '../ledger/ledger.ts';
import type { Budget } from '../rollout/budget.ts';
import type { SchemaSource } from './bring-schema.ts';

/**
 * The shard whose schema new ones get: the one that has the most migrations, none of them half
 * done. Undefined where no shard has any.
 */
export async function findSchemaSource(
  fleet: Fleet,
  shards: readonly Shard[],
  budget: Budget,
): Promise<SchemaSource | undefined> {
  const candidates = await Promise.all(
    shards.map((shard) => budget.run(shard, () => readCandidate(fleet, shard))),
  );
  const whole = candidates.filter(({ applied, open }) => applied.length > 0 && !open);
  whole.sort((a, b) => b.applied.length - a.applied.length);
  return whole[0];
}

async function readCandidate(
  fleet: Fleet,
  shard: Shard,
): Promise<SchemaSource & { readonly open: boolean }> {
  const connection = await fleet.open(shard);
  try {
    const rows = await readMigrationRows(connection, shard.name);
    const applied = rows.filter(
      ({ migration }) => isNamed(migration) && isApplied(rows, migration),
    );
    return { shard, applied, open: await isOpen(connection, rows) };
  } finally {
    await connection.end();
  }
}

/** A migration that failed at its first step has changed nothing, and is no reason to pass over. */
async function isOpen(connection: Connection, rows: readonly LedgerRow[]): Promise<boolean> {
  const noted = rows.some(({ state, direction }) => state !== 'done' && direction === 'baseline');
  return noted || (await readHalfDone(connection, rows)) !== undefined;
}
