import type { Clause } from '../parser/statement.ts';
import type { DraftContext } from './draft-context.ts';
import { columnLines } from '../recording/definition.ts';
import { askRows } from './ask-rows.ts';

type Columns = ReadonlyMap<string, string>;
type Lint = (context: DraftContext, table: string, clause: Clause, before: Columns) => void;

const LINTS: Partial<Record<Clause['kind'], Lint>> = {
  'drop-column': lintDrop,
  'rename-column': lintRename,
};

/**
 * Refuses clauses that are dangerous whatever the rows are, unless they were allowed by name, and
 * adds the questions that the rows of each shard have to answer. `firstStep` is the number of the
 * statement's first step.
 */
export function lintClauses(
  context: DraftContext,
  table: string,
  clauses: readonly Clause[],
  before: string | undefined,
  firstStep: number,
  after: string | undefined,
): void {
  if (context.made.has(table) || before === undefined) return;
  const columns = columnLines(before);
  for (const clause of clauses) LINTS[clause.kind]?.(context, table, clause, columns);
  const renamed = new Map<string, string>();
  for (const { kind, name = '', newName = '' } of clauses) {
    if (kind === 'rename-column' && columns.has(name)) renamed.set(newName, name);
  }
  if (after !== undefined) {
    askRows(context, { table, before, after, renamed }, clauses, firstStep);
  }
  for (const column of columnLines(after ?? '').keys()) {
    if (!columns.has(column) && !renamed.has(column)) context.addedColumns(table).add(column);
  }
}

function lintDrop(context: DraftContext, table: string, clause: Clause, before: Columns): void {
  const name = clause.name ?? '';
  if (!before.has(name)) return;
  context.removed.push({ table, column: name, clause: clause.text });
  const used = context.entities.get(table)?.has(name) === true;
  context.refuse({
    rule: used ? 'DROP_COLUMN_IN_USE' : 'DROP_COLUMN',
    table,
    clause: clause.text,
    reason: used ? 'an entity of the application still uses it' : 'its data are lost for good',
    remedy: used
      ? 'Remove the column from the entity and deploy first'
      : 'Allow it by name once no one needs them',
    flag: `${used ? 'drop-used-column' : 'drop-column'}:${table}.${name}`,
  });
}

function lintRename(context: DraftContext, table: string, clause: Clause, before: Columns): void {
  if (!before.has(clause.name ?? '')) return;
  const column = clause.name ?? '';
  context.removed.push({ table, column, clause: clause.text });
  context.refuse({
    rule: 'RENAME_COLUMN',
    table,
    clause: clause.text,
    reason: 'the running application asks for the old name until it is deployed again',
    remedy: 'Add the new column beside the old one, or allow it by name for a maintenance window',
    flag: `rename-column:${table}.${clause.name ?? ''}`,
  });
}
