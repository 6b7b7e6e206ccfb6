import { escapeIdentifier } from '@switchyard/mysql';
import type { Clause } from '../parser/statement.ts';
import type { DraftContext } from './draft-context.ts';
import type { PlanRefusal } from '../plan/plan.ts';
import { columnLines, uniqueKeys } from '../recording/definition.ts';
import { columnDangers, type ColumnDanger } from '../lint/column-change.ts';
import { columnType } from '../lint/column-type.ts';

type Lint = (
  context: DraftContext,
  table: string,
  clause: Clause,
  change: Change,
) => void | Promise<void>;

/** The table before and after the statement that a clause belongs to. */
interface Change {
  readonly before: ReadonlyMap<string, string>;
  readonly after: ReadonlyMap<string, string>;
  /** Columns of the keys that allow no duplicates. */
  readonly uniques: readonly (readonly string[])[];
}

const LINTS: Partial<Record<Clause['kind'], readonly Lint[]>> = {
  'drop-column': [lintDrop],
  'rename-column': [lintRename, lintType, lintCollation],
  'modify-column': [lintType, lintCollation],
  'add-unique': [lintUnique],
  'add-primary-key': [lintUnique],
};

/**
 * Refuses clauses that are dangerous whatever the rows are, unless they were allowed by name, and
 * adds the questions that the rows of each shard have to answer.
 */
export async function lintClauses(
  context: DraftContext,
  table: string,
  clauses: readonly Clause[],
  before: string | undefined,
  after: string | undefined,
): Promise<void> {
  if (context.made.has(table) || before === undefined) return;
  const change = {
    before: columnLines(before),
    after: columnLines(after ?? ''),
    uniques: uniqueKeys(before),
  };
  for (const clause of clauses) {
    for (const lint of LINTS[clause.kind] ?? []) {
      await lint(context, table, clause, change);
    }
  }
}

function lintDrop(context: DraftContext, table: string, clause: Clause, change: Change): void {
  const name = clause.name ?? '';
  if (!change.before.has(name)) return;
  const used = context.entities.get(table)?.has(name) === true;
  context.refuse({
    rule: used ? 'DROP_COLUMN_IN_USE' : 'DROP_COLUMN',
    table,
    clause: clause.text,
    reason: used ? 'an entity of the application still uses it' : 'its data are lost for good',
    remedy: used
      ? 'Remove the column from the entity and deploy first'
      : 'Allow it by name once nobody needs them',
    flag: `${used ? 'drop-used-column' : 'drop-column'}:${table}.${name}`,
  });
}

function lintRename(context: DraftContext, table: string, clause: Clause, change: Change): void {
  if (!change.before.has(clause.name ?? '')) return;
  context.refuse({
    rule: 'RENAME_COLUMN',
    table,
    clause: clause.text,
    reason: 'the running application asks for the old name until it is deployed again',
    remedy: 'Add the new column beside the old one, or allow it by name for a maintenance window',
    flag: `rename-column:${table}.${clause.name ?? ''}`,
  });
}

function lintType(context: DraftContext, table: string, clause: Clause, change: Change): void {
  const name = clause.name ?? '';
  const from = change.before.get(name);
  const to = change.after.get(clause.newName ?? name);
  if (from === undefined || to === undefined || from === to) return;
  for (const danger of columnDangers(name, columnType(from), columnType(to))) {
    raise(context, table, clause, danger);
  }
}

function raise(context: DraftContext, table: string, clause: Clause, danger: ColumnDanger): void {
  const { rule, reason, remedy, where, flag } = danger;
  const refusal = {
    rule,
    table,
    clause: clause.text,
    reason,
    remedy,
    ...(flag === undefined ? {} : { flag: `${flag}:${table}.${clause.name ?? ''}` }),
  };
  if (where === undefined) return context.refuse(refusal);
  if (!context.isOnShard(table, [clause.name ?? ''])) return;
  context.probe({ table, sql: anyRow(`${escapeIdentifier(table)} WHERE ${where}`), refusal });
}

function lintUnique(context: DraftContext, table: string, clause: Clause): void {
  const { columns } = clause;
  if (columns === undefined || !context.isOnShard(table, columns)) return;
  const names = columns.map(escapeIdentifier);
  const filled = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  const grouped = `${filled} GROUP BY ${names.join(', ')} HAVING COUNT(*) > 1`;
  context.probe({
    table,
    sql: anyRow(`${escapeIdentifier(table)} WHERE ${grouped}`),
    refusal: {
      rule: 'DUPLICATES_PRESENT',
      table,
      clause: clause.text,
      reason: `several rows have the same ${columns.join(', ')}`,
      remedy: 'Make those rows differ or remove them, then plan again',
    },
  });
}

/** Under a collation that tells fewer letters apart, values that differed are equal. */
async function lintCollation(
  context: DraftContext,
  table: string,
  clause: Clause,
  change: Change,
): Promise<void> {
  const name = clause.name ?? '';
  const keys = change.uniques.filter((columns) => columns.includes(name));
  if (keys.length === 0 || change.before.get(name) === change.after.get(name)) return;
  const [row] = await context.scratch.rows<{ collation: string | null }>(
    `SELECT COLLATION_NAME AS collation FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND COLUMN_NAME = ?`,
    [context.scratch.name, table, clause.newName ?? name],
  );
  const collation = row?.collation;
  if (typeof collation !== 'string') return;
  for (const columns of keys.filter((key) => context.isOnShard(table, key))) {
    const equal = columns.map((column) => {
      const quoted = escapeIdentifier(column);
      const charset = collation.split('_')[0] ?? '';
      return column === name ? `CONVERT(${quoted} USING ${charset}) COLLATE ${collation}` : quoted;
    });
    const grouped = `${escapeIdentifier(table)} GROUP BY ${equal.join(', ')} HAVING COUNT(*) > 1`;
    context.probe({ table, sql: anyRow(grouped), refusal: collapse(table, clause, collation) });
  }
}

function collapse(table: string, clause: Clause, collation: string): PlanRefusal {
  return {
    rule: 'DUPLICATES_PRESENT',
    table,
    clause: clause.text,
    reason: `values of ${clause.name ?? ''} that differ are equal under ${collation}`,
    remedy: 'Make those rows differ or remove them, then plan again',
  };
}

/** 1 where there is such a row, 0 where there is none. */
function anyRow(from: string): string {
  return `SELECT COUNT(*) AS offending FROM (SELECT 1 FROM ${from} LIMIT 1) AS found`;
}
