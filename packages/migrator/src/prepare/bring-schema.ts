import type { Connection } from 'mysql2/promise';
import type { Shard } from '@switchyard/shard-context';
import type { Fleet } from '../fleet/fleet.ts';
import { rowsOf } from '../ledger/connection.ts';
import { noteBaseline, readMigrationRows, type LedgerRow } from '../ledger/ledger.ts';
import { readDefinition } from '../recording/definition.ts';
import { copyObjects } from './copy-objects.ts';
import { SchemaCopyError } from './prepare-errors.ts';
import { passPreparePoint } from './prepare-points.ts';
import { idFloors, setIdFloors } from './id-floors.ts';
import { SYSTEM_TABLES, tablesOf } from './survey.ts';

/** A shard that has a schema, and the migrations that made it. */
export interface SchemaSource {
  readonly shard: Shard;
  readonly applied: readonly LedgerRow[];
}

/** What was brought to a new shard. */
export interface BroughtSchema {
  readonly tables: number;
  readonly migrations: number;
}

/** The ledger row that marks a copy as begun: only a shard that has it may be copied to again. */
const COPY = '(schema copy)';

/**
 * Brings a new, empty shard to the schema of a sibling, and notes the sibling's migrations as its
 * baseline. `replay` leaves the tables to the next `switchyard migrate`, which sets no id floors.
 * Returns undefined where the shard is not new. Killed, it goes on where it stood.
 * @throws SchemaCopyError where the copy is not the sibling's schema, by fingerprint
 */
export async function bringSchema(
  fleet: Fleet,
  source: SchemaSource,
  shard: Shard,
  how: 'copy' | 'replay',
): Promise<BroughtSchema | undefined> {
  const target = await fleet.open(shard);
  try {
    const rows = await readMigrationRows(target, shard.name);
    const begun = rows.find(({ migration }) => migration === COPY);
    const others = rows.filter(({ migration }) => migration !== COPY);
    if (others.length > 0 && begun?.state !== 'started') return undefined;
    const own = (await tablesOf(target)).filter((name) => !SYSTEM_TABLES.includes(name));
    if (own.length > 0 && begun?.state !== 'started') return undefined;
    if (how === 'replay') return undefined;
    return await copySchema(fleet, source, { shard, connection: target, begun });
  } finally {
    await target.end();
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
): Promise<BroughtSchema> {
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
    passPreparePoint('schema-begun', shard.name);
    const tables = (await tablesOf(sibling)).filter((name) => !SYSTEM_TABLES.includes(name));
    await copyTables(sibling, target, tables, shard.name);
    await copyOthers(sibling, target, { shard: shard.name, sibling: source.shard.name });
    await verify(sibling, target, tables, { shard: shard.name, sibling: source.shard.name });
    await setIdFloors(target, await idFloors(sibling, tables));
    passPreparePoint('schema-copied', shard.name);
    await noteCopied(fleet, source, target);
    return { tables: tables.length, migrations: source.applied.length };
  } finally {
    await sibling.end();
  }
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
  shard: string,
): Promise<void> {
  // Old tables have definitions that today's rules refuse, and parents may come later.
  await target.query("SET SESSION foreign_key_checks = 0, sql_mode = ''");
  for (const table of tables) {
    const definition = await readDefinition(sibling, table);
    if (definition === undefined || (await readDefinition(target, table)) === definition) continue;
    await target.query(definition);
    passPreparePoint('table-copied', shard);
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
    if (here !== (await readDefinition(sibling, table))) different.push(table);
  }
  const extra = (await tablesOf(target)).filter(
    (name) => !SYSTEM_TABLES.includes(name) && !tables.includes(name),
  );
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
