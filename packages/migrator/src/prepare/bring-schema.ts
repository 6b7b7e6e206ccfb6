import type { Connection } from 'mysql2/promise';
import { raiseIdFloors } from '@switchyard/models/internal';
import type { Shard } from '@switchyard/shard-context';
import type { Fleet } from '../rollout/fleet.ts';
import { rowsOf } from '../server/connection.ts';
import { noteBaseline, readMigrationRows, type LedgerRow } from '../ledger/ledger.ts';
import { FLOORS, noteFloors } from '../ledger/noted-floors.ts';
import { readDefinition, sameDefinition } from '../recording/definition.ts';
import { copySequences } from '../recording/sequences.ts';
import { copyObjects } from './copy-objects.ts';
import { SchemaCopyError } from './prepare-errors.ts';
import { idCeilings } from './id-floors.ts';
import { SYSTEM_TABLES } from '../ledger/system-tables.ts';
import { tablesOf } from './survey.ts';

/** A shard that has a schema, and the migrations that made it. */
export interface SchemaSource {
  readonly shard: Shard;
  readonly applied: readonly LedgerRow[];
}

/** The result on a new shard: the schema, or the ids above which `migrate` has to begin. */
export type Brought =
  | { readonly how: 'copy'; readonly tables: number; readonly migrations: number }
  | { readonly how: 'replay'; readonly floors: number };

/** The ledger row that marks a copy as begun: only a shard that has it may be copied to again. */
const COPY = '(schema copy)';

/**
 * Brings a new, empty shard to the schema of a sibling, and notes the sibling's migrations as its
 * baseline. `replay` leaves the tables to the next `switchyard migrate`, and notes for it above
 * which ids they have to begin. Returns undefined where the shard is not new. Killed, it goes on where it stood.
 * @throws SchemaCopyError where the copy is not the sibling's schema, by fingerprint
 */
export async function bringSchema(
  fleet: Fleet,
  source: SchemaSource,
  shard: Shard,
  how: 'copy' | 'replay',
): Promise<Brought | undefined> {
  const target = await fleet.open(shard);
  try {
    const rows = await readMigrationRows(target, shard.name);
    const begun = rows.find(({ migration }) => migration === COPY);
    const others = rows.filter(({ migration }) => migration !== COPY && migration !== FLOORS);
    if (others.length > 0 && begun?.state !== 'started') return undefined;
    const own = await ownTables(target);
    if (own.length > 0 && begun?.state !== 'started') return undefined;
    const isNoted = rows.some(({ migration }) => migration === FLOORS);
    if (how === 'replay') return isNoted ? undefined : await leaveToMigrate(fleet, source, target);
    return await copySchema(fleet, source, { shard, connection: target, begun });
  } finally {
    await target.end();
  }
}

async function leaveToMigrate(
  fleet: Fleet,
  source: SchemaSource,
  target: Connection,
): Promise<Brought> {
  const sibling = await fleet.open(source.shard);
  try {
    const ceilings = await idCeilings(sibling, await ownTables(sibling));
    await noteFloors(target, fleet.author, {
      sibling: source.shard.name,
      migrations: source.applied.map(({ migration }) => migration),
      ceilings,
    });
    return { how: 'replay', floors: ceilings.size };
  } finally {
    await sibling.end();
  }
}

interface Target {
  readonly shard: Shard;
  readonly connection: Connection;
  readonly begun: LedgerRow | undefined;
}

async function copySchema(
  fleet: Fleet,
  source: SchemaSource,
  { shard, connection: target, begun }: Target,
): Promise<Brought> {
  const sibling = await fleet.open(source.shard);
  try {
    if (begun === undefined) {
      await noteBaseline(target, fleet.author, {
        migration: COPY,
        clause: `schema of ${source.shard.name}`,
        state: 'started',
        checksum: null,
      });
    }
    fleet.atPoint?.('schema-begun', shard.name);
    const tables = await ownTables(sibling);
    await copyTables(sibling, target, tables, () => fleet.atPoint?.('table-copied', shard.name));
    await copyOthers(sibling, target, { shard: shard.name, sibling: source.shard.name });
    await verify(sibling, target, tables, { shard: shard.name, sibling: source.shard.name });
    await raiseIdFloors(target, await idCeilings(sibling, tables));
    fleet.atPoint?.('schema-copied', shard.name);
    await noteCopied(fleet, source, target);
    return { how: 'copy', tables: tables.length, migrations: source.applied.length };
  } finally {
    await sibling.end();
  }
}

async function ownTables(connection: Connection): Promise<string[]> {
  return (await tablesOf(connection)).filter((name) => !SYSTEM_TABLES.includes(name));
}

async function copyOthers(
  sibling: Connection,
  target: Connection,
  names: { readonly shard: string; readonly sibling: string },
): Promise<void> {
  try {
    await copyObjects(sibling, target);
  } catch (cause) {
    const reason = 'a view, trigger or routine cannot be made there';
    throw new SchemaCopyError(names.shard, names.sibling, reason, { cause });
  }
}

async function copyTables(
  sibling: Connection,
  target: Connection,
  tables: readonly string[],
  copied: () => void,
): Promise<void> {
  // Old tables have definitions that today's rules refuse, and parents may come later.
  await target.query("SET SESSION foreign_key_checks = 0, sql_mode = ''");
  await copySequences(sibling, target);
  for (const table of tables) {
    const definition = await readDefinition(sibling, table);
    if (definition === undefined) continue;
    if (sameDefinition(await readDefinition(target, table), definition)) continue;
    await target.query(definition);
    copied();
  }
  if (tables.includes('migrations')) await copyTypeormRows(sibling, target);
}

/** TypeORM's own record of what ran, so that its commands agree with the ledger. */
async function copyTypeormRows(sibling: Connection, target: Connection): Promise<void> {
  const columns = await rowsOf<{ Field: string }>(sibling, 'SHOW COLUMNS FROM migrations');
  const names = columns.map(({ Field }) => Field);
  if (names.join() !== 'id,timestamp,name') return;
  const rows = await rowsOf<{ id: number; timestamp: number; name: string }>(
    sibling,
    'SELECT id, timestamp, name FROM migrations',
  );
  for (const { id, timestamp, name } of rows) {
    await target.query('INSERT IGNORE INTO migrations (id, timestamp, name) VALUES (?, ?, ?)', [
      id,
      timestamp,
      name,
    ]);
  }
}

async function verify(
  sibling: Connection,
  target: Connection,
  tables: readonly string[],
  names: { readonly shard: string; readonly sibling: string },
): Promise<void> {
  const different: string[] = [];
  for (const table of tables) {
    const here = await readDefinition(target, table);
    if (!sameDefinition(here, await readDefinition(sibling, table))) different.push(table);
  }
  const extra = (await ownTables(target)).filter((name) => !tables.includes(name));
  const wrong = [...different, ...extra];
  if (wrong.length === 0) return;
  const reason = `the servers give other definitions of ${wrong.join(', ')}`;
  throw new SchemaCopyError(names.shard, names.sibling, reason);
}

/** In one transaction: the baseline is there as a whole or not at all. */
async function noteCopied(fleet: Fleet, source: SchemaSource, target: Connection): Promise<void> {
  await target.query('START TRANSACTION');
  for (const { migration, checksum } of source.applied) {
    await noteBaseline(target, fleet.author, {
      migration,
      clause: `schema of ${source.shard.name}`,
      state: 'done',
      checksum,
    });
  }
  await target.query(
    `UPDATE shard_ledger SET state = 'done', ended_at = NOW(3)
     WHERE migration = ? AND state = 'started'`,
    [COPY],
  );
  await target.query('COMMIT');
}
