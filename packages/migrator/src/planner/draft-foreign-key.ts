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
  if (orphans !== undefined) probeOrphans(context, table, clause, orphans);
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

/** Known beforehand where both tables are there with their columns. */
function probeOrphans(
  context: DraftContext,
  table: string,
  clause: Clause,
  { sql, failure, remedy }: DataCheck,
): void {
  const { columns = [], references } = clause;
  if (references === undefined || !context.isOnShard(table, columns)) return;
  if (!context.isOnShard(references.table, references.columns)) return;
  const refusal = { rule: 'ORPHANS_PRESENT', table, clause: clause.text, reason: failure, remedy };
  context.probe({ table, sql, refusal });
}

/** Undefined where the parser could not name the columns: then only a checked copy will do. */
function orphanCheck(table: string, clause: Clause): DataCheck | undefined {
  const { columns, references } = clause;
  if (columns === undefined || references === undefined) return undefined;
  const parents = references.columns;
  if (parents.length !== columns.length) return undefined;
  const filled = columns.map((column) => `c.${escapeIdentifier(column)} IS NOT NULL`);
  const joined = columns.map(
    (column, i) => `p.${escapeIdentifier(parents[i] ?? '')} = c.${escapeIdentifier(column)}`,
  );
  return {
    when: 'both',
    sql:
      `SELECT COUNT(*) AS offending FROM (SELECT 1 FROM ${escapeIdentifier(table)} c` +
      ` WHERE ${filled.join(' AND ')} AND NOT EXISTS` +
      ` (SELECT 1 FROM ${escapeIdentifier(references.table)} p WHERE ${joined.join(' AND ')})` +
      ` LIMIT 1) AS orphans`,
    failure: `rows of ${table} point to rows of ${references.table} that do not exist`,
    remedy: PARENT_REMEDY,
  };
}
