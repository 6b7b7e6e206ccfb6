import { escapeIdentifier } from '@switchyard/mysql/internal';
import { columnLines } from '../recording/definition.ts';
import { tableText } from '../recording/table-text.ts';
import type { Difference, Schema } from './table-differences.ts';

/** What a table is to become. */
interface Repair {
  readonly table: string;
  readonly here: string;
  readonly there: string;
  readonly differences: readonly Difference[];
}

/**
 * The statements that would make a shard's tables like its siblings', to be read and run by a person:
 * what is dropped loses its rows, and nothing here asks whether they fit. In an order in which they
 * can run: foreign keys go first and come last.
 */
export function repairStatements(
  differences: readonly Difference[],
  here: Schema,
  there: Schema,
): string[] {
  const first: string[] = [];
  const changes: string[] = [];
  const last: string[] = [];
  for (const table of new Set(differences.map((one) => one.table))) {
    const own = here.get(table);
    const other = there.get(table);
    if (other === undefined) last.push(`DROP TABLE ${escapeIdentifier(table)}`);
    else if (own === undefined) changes.push(other);
    else {
      const ofTable = differences.filter((one) => one.table === table);
      const repair = { table, here: own, there: other, differences: ofTable };
      first.push(...alter(table, ofTable.flatMap(droppedForeignKey)));
      changes.push(...alter(table, clausesOf(repair)), ...partitioned(repair));
      last.push(...alter(table, ofTable.flatMap(addedForeignKey)));
    }
  }
  return [...first, ...changes, ...last];
}

function alter(table: string, clauses: readonly string[]): string[] {
  if (clauses.length === 0) return [];
  return [`ALTER TABLE ${escapeIdentifier(table)} ${clauses.join(', ')}`];
}

function droppedForeignKey({ what, name, here }: Difference): string[] {
  if (what !== 'key' || here === undefined || !isForeignKey(here)) return [];
  return [`DROP FOREIGN KEY ${escapeIdentifier(name)}`];
}

function addedForeignKey({ what, there }: Difference): string[] {
  return what === 'key' && there !== undefined && isForeignKey(there) ? [`ADD ${there}`] : [];
}

function isForeignKey(line: string): boolean {
  return /^CONSTRAINT (`(?:[^`]|``)+`|"(?:[^"]|"")+") FOREIGN KEY /.test(line);
}

function clausesOf({ here, there, differences }: Repair): string[] {
  const keys = differences.filter(({ what }) => what === 'key');
  const dropped = keys.flatMap(({ name, here: line }) => droppedKey(name, line));
  const added = keys.flatMap(({ there: line }) =>
    line === undefined || isForeignKey(line) ? [] : [`ADD ${line}`],
  );
  const options = differences.flatMap((one) =>
    one.what === 'options' && one.there !== undefined ? [one.there.trim()] : [],
  );
  return [...dropped, ...columnClauses({ here, there, differences }), ...added, ...options];
}

function droppedKey(name: string, line: string | undefined): string[] {
  if (line === undefined || isForeignKey(line)) return [];
  if (name === 'PRIMARY') return ['DROP PRIMARY KEY'];
  const kind = line.startsWith('CONSTRAINT ') ? 'CONSTRAINT' : 'INDEX';
  return [`DROP ${kind} ${escapeIdentifier(name)}`];
}

/** Each column after the one that it follows at the siblings, where its place or text is wrong. */
function columnClauses({ here, there, differences }: Omit<Repair, 'table'>): string[] {
  const own = columnLines(here);
  const other = [...columnLines(there)];
  const isWrong = new Set(differences.flatMap((one) => (one.what === 'column' ? one.name : [])));
  const reorder = differences.some(({ what }) => what === 'order');
  const dropped = [...own.keys()].filter((name) => !columnLines(there).has(name));
  const clauses = other.flatMap(([name, line], i) => {
    if (own.has(name) && !isWrong.has(name) && !reorder) return [];
    const before = other[i - 1]?.[0];
    const place = before === undefined ? 'FIRST' : `AFTER ${escapeIdentifier(before)}`;
    const verb = own.has(name) ? 'MODIFY COLUMN' : 'ADD COLUMN';
    return [`${verb} ${escapeIdentifier(name)} ${line} ${place}`];
  });
  return [...dropped.map((name) => `DROP COLUMN ${escapeIdentifier(name)}`), ...clauses];
}

/** A statement of its own: no other clause may stand beside it. */
function partitioned({ table, there, differences }: Repair): string[] {
  if (!differences.some(({ what }) => what === 'partitions')) return [];
  const partitions = tableText(there)
    ?.partitions.replaceAll(/\/\*!\d+ ?|\*\//g, '')
    .trim();
  return alter(table, [partitions || 'REMOVE PARTITIONING']);
}
