import { columnLines, otherLines, sameDefinition } from '../recording/definition.ts';
import { nameOfLine } from '../recording/table-meaning.ts';
import { tableText } from '../recording/table-text.ts';

/** Definitions of a shard's own tables, by name, as `SHOW CREATE TABLE` says them. */
export type Schema = ReadonlyMap<string, string>;

/** One thing in which two schemas differ. */
export interface Difference {
  readonly table: string;
  /** `order`: the same columns, in another order. `options`: engine, collation and the like. */
  readonly what: 'table' | 'column' | 'order' | 'key' | 'options' | 'partitions';
  /** Name of the column or key; `PRIMARY` for the primary key; empty for what has none. */
  readonly name: string;
  /** What the shard has; undefined where it has nothing of the kind. */
  readonly here: string | undefined;
  /** What its siblings have. */
  readonly there: string | undefined;
}

/** In what a schema differs from another, table by table; empty where both mean the same. */
export function differencesOf(here: Schema, there: Schema): Difference[] {
  const tables = [...new Set([...there.keys(), ...here.keys()])].sort();
  return tables.flatMap((table) => ofTable(table, here.get(table), there.get(table)));
}

function ofTable(
  table: string,
  here: string | undefined,
  there: string | undefined,
): readonly Difference[] {
  if (sameDefinition(here, there)) return [];
  if (here === undefined || there === undefined) {
    const said = (text: string | undefined) => (text === undefined ? undefined : 'a table');
    return [{ table, what: 'table', name: '', here: said(here), there: said(there) }];
  }
  return [
    ...named(table, 'column', columnLines(here), columnLines(there)),
    ...inOrder(table, [...columnLines(here).keys()], [...columnLines(there).keys()]),
    ...named(table, 'key', keysOf(here), keysOf(there)),
    ...whole(table, here, there),
  ];
}

function named(
  table: string,
  what: 'column' | 'key',
  here: ReadonlyMap<string, string>,
  there: ReadonlyMap<string, string>,
): Difference[] {
  return [...new Set([...there.keys(), ...here.keys()])]
    .filter((name) => here.get(name) !== there.get(name))
    .map((name) => ({ table, what, name, here: here.get(name), there: there.get(name) }));
}

function inOrder(table: string, here: readonly string[], there: readonly string[]): Difference[] {
  const both = (list: readonly string[], other: readonly string[]) =>
    list.filter((name) => other.includes(name)).join(', ');
  const order = { here: both(here, there), there: both(there, here) };
  return order.here === order.there ? [] : [{ table, what: 'order', name: '', ...order }];
}

function whole(table: string, here: string, there: string): Difference[] {
  const [own, other] = [tableText(here), tableText(there)];
  return (['options', 'partitions'] as const)
    .map((what) => ({
      ...{ table, what, name: '' },
      here: own?.[what] || undefined,
      there: other?.[what] || undefined,
    }))
    .filter((difference) => difference.here !== difference.there);
}

/** Keys and constraints by their names. */
function keysOf(definition: string): ReadonlyMap<string, string> {
  return new Map(otherLines(definition).map((line) => [nameOfLine(line) ?? 'PRIMARY', line]));
}

/** A difference in one line: `account.email is varchar(100) here and varchar(200) there`. */
export function describeDifference({ table, what, name, here, there }: Difference): string {
  const subject = {
    table: `table ${table}`,
    column: `${table}.${name}`,
    order: `the order of columns of ${table}`,
    key: `key ${name} of ${table}`,
    options: `table ${table}`,
    partitions: `the partitions of ${table}`,
  }[what];
  if (here === undefined) return `${subject} is missing`;
  if (there === undefined) return `${subject} is here only`;
  return `${subject} is ${here} here and ${there} there`;
}
