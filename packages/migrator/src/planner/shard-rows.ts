import { escapeIdentifier } from '@switchyard/mysql';
import { initialValue } from '../lint/initial-value.ts';
import { tableCharset } from '../lint/column-type.ts';
import { columnLines } from '../recording/definition.ts';
import type { DraftContext } from './draft-context.ts';

/** The rows of a shard's table, as they will be when a statement comes to it. */
export interface ShardRows {
  /** What stands behind FROM; columns that are not there yet have the value they will begin with. */
  readonly from: string;
  /**
   * True where earlier steps change the rows, so that only just before the statement can they be
   * asked.
   */
  readonly late: boolean;
}

/** A table as a statement finds it and as it leaves it. */
export interface TableChange {
  readonly table: string;
  readonly before: string;
  readonly after: string;
  /** Names of before, by names of after. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** How to ask the rows of a table for a statement that makes `change` of it. */
export function shardRows(context: DraftContext, change: TableChange): ShardRows {
  const { table, before, after } = change;
  const base = columnLines(before);
  const seen = columnLines(context.scratch.seen.get(table) ?? '');
  const added = context.addedColumns(table);
  const unknown = [...base.keys()].some((column) => !seen.has(column) && !added.has(column));
  const late = unknown || context.rowsChanged.has(table);
  const present = late ? base : seen;
  // What a column begins with was decided when it was added, not when it was changed.
  const wanted = new Map([...columnLines(after), ...(late ? [] : base)]);
  const missing = [...wanted].filter(([column]) => !present.has(column));
  return { from: withColumns(change, missing), late };
}

function withColumns(
  { table, before, renamed }: TableChange,
  missing: readonly (readonly [string, string])[],
): string {
  const quoted = escapeIdentifier(table);
  if (missing.length === 0) return quoted;
  const charset = tableCharset(before);
  const values = missing.map(([column, line]) => {
    const old = renamed.get(column);
    const value = old === undefined ? initialValue(line, charset).sql : escapeIdentifier(old);
    return `${value} AS ${escapeIdentifier(column)}`;
  });
  return `(SELECT ${quoted}.*, ${values.join(', ')} FROM ${quoted}) AS ${quoted}`;
}

/** 1 where there is such a row, 0 where there is none. */
export function anyRow(from: string): string {
  return `SELECT COUNT(*) AS offending FROM (SELECT 1 FROM ${from} LIMIT 1) AS found`;
}
