import type { EntityMetadata, QueryRunner } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import { matchRows, nameOfParts } from './match-rows.ts';
import { asText, prepared } from './tenant-value.ts';

/** Selects in one statement; beyond it, more statements. */
const MOST_SELECTS = 100;

/** Values of some columns that name a row: a primary key, or what a join column refers to. */
export interface RowKey {
  readonly metadata: EntityMetadata;
  readonly columns: readonly ColumnMetadata[];
  /** As the driver takes them, in the order of the columns. */
  readonly values: readonly unknown[];
}

/** The columns that are read beside the keys. The rows' own table is `r`. */
export interface RowQuestion {
  /** What is selected: `r.name AS name`. */
  readonly select?: string;
  /** Joins to further tables. */
  readonly joins?: string;
  /** A locking clause. */
  readonly lock?: string;
}

/** A row as it was read; its key is in `k0`, `k1`, …. */
export type KeyedRow = Readonly<Record<string, unknown>>;

/** The key of a row by its primary columns; undefined where the object does not name them all. */
export function primaryKeyOf(
  runner: QueryRunner,
  metadata: EntityMetadata,
  idMap: object,
): RowKey | undefined {
  const values = metadata.primaryColumns.map((primary) =>
    prepared(runner.dataSource.driver, primary, primary.getEntityValue(idMap)),
  );
  if (values.some((value) => value === undefined)) return undefined;
  return { metadata, columns: metadata.primaryColumns, values };
}

/**
 * The row that each key finds; keys of no row are left out. All keys are of the same columns. One
 * query, and a second one where keys are not written as their rows have them.
 */
export async function rowsByKey(
  runner: QueryRunner,
  keys: readonly RowKey[],
  question: RowQuestion,
): Promise<Map<RowKey, KeyedRow>> {
  const [first] = keys;
  if (first === undefined) return new Map();
  const marks = keys.map(() => markOf(first)).join(', ');
  const sql = `${select(first, question)} IN (${marks})${question.lock ?? ''}`;
  const rows = new Map((await ask(runner, sql, keys)).map((row) => [nameOfRow(row, first), row]));
  const { found, doubtful } = matchRows(keys, ({ values }) => nameOf(values), rows);
  return new Map([...found, ...(await rowsOfEach(runner, doubtful, question))]);
}

/**
 * The same, for keys that may be written otherwise than their rows have them: `É` finds the row
 * `e` in one collation and not in the next, `'05'` finds 5. Only the server knows, and says here
 * which key found which row.
 */
export async function rowsOfEach(
  runner: QueryRunner,
  keys: readonly RowKey[],
  question: RowQuestion,
): Promise<Map<RowKey, KeyedRow>> {
  const found = new Map<RowKey, KeyedRow>();
  for (let at = 0; at < keys.length; at += MOST_SELECTS) {
    const some = keys.slice(at, at + MOST_SELECTS);
    for (const row of await ask(runner, selectEach(some, question), some)) {
      found.set(some[Number(row['n'])] as RowKey, row);
    }
  }
  return found;
}

/** One SELECT for each key, numbered, in one statement. */
function selectEach(keys: readonly RowKey[], question: RowQuestion): string {
  const { select: selected, lock = '' } = question;
  const selects = keys.map((key, i) => {
    const numbered = selected === undefined ? `${i} AS n` : `${i} AS n, ${selected}`;
    return `(${select(key, { ...question, select: numbered })} = ${markOf(key)}${lock})`;
  });
  return selects.join(' UNION ALL ');
}

function select(key: RowKey, { select: selected, joins = '' }: RowQuestion): string {
  const columns = key.columns.map(({ databaseName }) => columnOf('r', databaseName));
  const wanted = columns.map((name, i) => `${name} AS k${i}`);
  if (selected !== undefined) wanted.push(selected);
  const left = columns.length === 1 ? columns.join() : `(${columns.join(', ')})`;
  const from = tableOf(key.metadata.tablePath);
  return `SELECT ${wanted.join(', ')} FROM ${from} r${joins} WHERE ${left}`;
}

function markOf({ columns }: RowKey): string {
  return columns.length === 1 ? '?' : `(${columns.map(() => '?').join(', ')})`;
}

function ask(runner: QueryRunner, sql: string, keys: readonly RowKey[]): Promise<KeyedRow[]> {
  return runner.query(
    sql,
    keys.flatMap(({ values }) => values),
  ) as Promise<KeyedRow[]>;
}

/** Values of a key as one text. */
function nameOf(values: readonly unknown[]): string {
  return nameOfParts(values.map((value) => asText(value)));
}

function nameOfRow(row: KeyedRow, { columns }: RowKey): string {
  return nameOf(columns.map((_, i) => row[`k${i}`]));
}

/** A column of a row in a statement, escaped. */
export function columnOf(row: string, name: string): string {
  return `${row}.${escapeIdentifier(name)}`;
}

/** A table in a statement, escaped. Its path may name a database: `db.table`. */
export function tableOf(path: string): string {
  return path.split('.').map(escapeIdentifier).join('.');
}
