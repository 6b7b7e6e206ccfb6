import { findNode, findNodes, type ParseNode } from './parse-node.ts';
import { treeOf } from './read-statement.ts';

/** A query for the rows that a data statement touches. */
export interface TouchedRows {
  /** What stands behind SELECT 1. */
  readonly from: string;
  /** Which of the statement's parameters it takes, in order, from 0. */
  readonly parameters: readonly number[];
}

type Range = readonly [start: number, end: number];

/**
 * The rows of an UPDATE, a DELETE or an INSERT … SELECT, as its FROM and WHERE; undefined where the
 * statement's form is not known, and then its whole tables count.
 */
export function touchedRows(sql: string): TouchedRows | undefined {
  const tree = treeOf(sql);
  if (tree === undefined) return undefined;
  for (const [rule, read] of Object.entries(READERS)) {
    const node = findNode(tree, rule);
    if (node !== undefined) return read(node, sql);
  }
  return undefined;
}

type Reader = (node: ParseNode, sql: string) => TouchedRows | undefined;

const READERS: Readonly<Record<string, Reader>> = {
  InsertStatement: readSelect,
  ReplaceStatement: readSelect,
  SingleUpdateStatement: readUpdate,
  MultipleUpdateStatement: readUpdate,
  SingleDeleteStatement: readDelete,
  MultipleDeleteStatement: readDelete,
};

function readSelect(node: ParseNode, sql: string): TouchedRows | undefined {
  const select = findNode(node, 'QuerySpecification');
  if (select === undefined) return undefined;
  const end = wordIn(node, sql, 'ON')?.start ?? node.end;
  const { text, parameters } = taken(sql, [[select.start, end]]);
  return { from: `(${text}) AS selected`, parameters };
}

function readUpdate(node: ParseNode, sql: string): TouchedRows | undefined {
  const tables = findNodes(node, 'TableName')[0];
  const set = wordIn(node, sql, 'SET');
  if (tables === undefined || set === undefined) return undefined;
  return withWhere(node, sql, [tables.start, set.start]);
}

function readDelete(node: ParseNode, sql: string): TouchedRows | undefined {
  const from = wordIn(node, sql, 'USING') ?? wordIn(node, sql, 'FROM');
  if (from === undefined) return undefined;
  const end = wordIn(node, sql, 'WHERE')?.start ?? endOf(node);
  return withWhere(node, sql, [from.end, end]);
}

function withWhere(node: ParseNode, sql: string, from: Range): TouchedRows {
  const where = wordIn(node, sql, 'WHERE');
  const ranges: Range[] = where === undefined ? [from] : [from, [where.start, endOf(node)]];
  const { text, parameters } = taken(sql, ranges);
  return { from: text, parameters };
}

/** What sorts makes no difference to a count. */
function endOf(node: ParseNode): number {
  return findNode(node, 'OrderByClause')?.start ?? node.end;
}

function wordIn(node: ParseNode, sql: string, word: string): ParseNode | undefined {
  return node.children.find(
    ({ rule, start, end }) => rule === '' && sql.slice(start, end).toUpperCase() === word,
  );
}

/** The driver puts a value for each question mark, wherever it stands. */
function taken(sql: string, ranges: readonly Range[]): { text: string; parameters: number[] } {
  const marks = [...sql.matchAll(/\?+/g)].map(({ index }) => index);
  const within = (mark: number) => ranges.some(([start, end]) => mark >= start && mark < end);
  return {
    text: ranges.map(([start, end]) => sql.slice(start, end).trim()).join(' '),
    parameters: marks.flatMap((mark, number) => (within(mark) ? [number] : [])),
  };
}
