import { anyRow, shardRows } from './shard-rows.ts';
import { escapeIdentifier } from '@switchyard/mysql';
import { alterSql, climb, type Climbed } from '../ladder/climb.ts';
import { COPY_RUNG } from '../ladder/rungs.ts';
import { settled } from '../ladder/settle.ts';
import type { Clause } from '../parser/statement.ts';
import { digestOf } from '../recording/definition.ts';
import { differentDefinition, serverRefuses } from './draft-refusals.ts';
import type { DraftContext } from './draft-context.ts';
import { NO_CHECKS, NOTHING_TO_DO } from './draft.ts';
import type { DataCheck } from '../plan/plan.ts';

const PARENT_REMEDY = 'Delete those rows or give them a parent, then plan again';

/**
 * Drafts ADD FOREIGN KEY. The server can only check it by copying the table under a lock: on small
 * tables it does; on larger ones it is told not to, and the rows are counted before and after.
 */
export async function draftForeignKey(
  context: DraftContext,
  table: string,
  clause: Clause,
): Promise<void> {
  const { scratch } = context;
  const before = await scratch.definition(table);
  const checked = await climb(scratch, table, [clause.text], { foreignKeyChecks: true });
  if (checked.outcome !== 'climbed') {
    const verdict = await settled(scratch, table, [clause], checked);
    if (verdict === 'same') {
      const note = 'the shard has it already';
      return context.add({ ...NOTHING_TO_DO, table, clause: clause.text, note });
    }
    return context.refuse(
      verdict === 'different'
        ? differentDefinition(table, clause.text)
        : serverRefuses(table, clause.text, checked.message),
    );
  }
  await scratch.restore(table, before);
  const unchecked = await climb(scratch, table, [clause.text], { foreignKeyChecks: false });
  add(context, table, clause, unchecked.outcome === 'climbed' ? unchecked : checked);
}

function add(context: DraftContext, table: string, clause: Clause, climbed: Climbed): void {
  const orphans = orphanCheck(table, clause);
  if (orphans !== undefined) probeOrphans(context, table, clause, climbed.before ?? '');
  context.add({
    ...NO_CHECKS,
    table,
    clause: clause.text,
    sql: climbed.sql,
    path: orphans === undefined ? 'copy' : climbed.path,
    lock: 'none',
    note: 'added without the server checking it; orphans are counted before and after',
    madeHere: context.made.has(table),
    session: { foreign_key_checks: 0 },
    checks: orphans === undefined ? [] : [orphans],
    whenSmall: {
      path: 'copy',
      lock: 'shared',
      sql: alterSql(table, [clause.text], COPY_RUNG),
      note: 'copied under a lock, so that the server checks it',
    },
    verify: {
      kind: 'schema',
      tables: [{ table, before: digestOf(climbed.before), after: digestOf(climbed.after) }],
    },
  });
}

/**
 * Asked beforehand where the rows are those that the key will find. A new column has the same value
 * in every row, and a table that the migration makes has none.
 */
function probeOrphans(
  context: DraftContext,
  table: string,
  clause: Clause,
  definition: string,
): void {
  const { references } = clause;
  if (references === undefined || context.made.has(table)) return;
  const change = { table, before: definition, after: definition, renamed: new Map() };
  const { from, late } = shardRows(context, change);
  const empty = context.made.has(references.table);
  const there = empty || context.isOnShard(references.table, references.columns);
  if (late || !there || context.rowsChanged.has(references.table)) return;
  const check = orphanCheck(table, clause, from, empty);
  if (check === undefined) return;
  const { sql, failure: reason, remedy } = check;
  const refusal = { rule: 'ORPHANS_PRESENT', table, clause: clause.text, reason, remedy };
  context.probe({ table, sql, refusal });
}

/** Undefined where the parser could not name the columns: then only a checked copy will do. */
function orphanCheck(
  table: string,
  clause: Clause,
  from = escapeIdentifier(table),
  noParents = false,
): DataCheck | undefined {
  const { columns, references } = clause;
  if (columns === undefined || references === undefined) return undefined;
  const parents = references.columns;
  if (parents.length !== columns.length) return undefined;
  const own = (column: string) => `${escapeIdentifier(table)}.${escapeIdentifier(column)}`;
  const filled = columns.map((column) => `${own(column)} IS NOT NULL`).join(' AND ');
  const joined = columns.map(
    (column, i) => `p.${escapeIdentifier(parents[i] ?? '')} = ${own(column)}`,
  );
  const orphaned =
    ` AND NOT EXISTS (SELECT 1 FROM ${escapeIdentifier(references.table)} p` +
    ` WHERE ${joined.join(' AND ')})`;
  return {
    when: 'both',
    sql: anyRow(`${from} WHERE ${filled}${noParents ? '' : orphaned}`),
    failure: `rows of ${table} point to rows of ${references.table} that do not exist`,
    remedy: PARENT_REMEDY,
  };
}
