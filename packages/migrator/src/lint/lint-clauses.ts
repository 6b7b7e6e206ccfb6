import type { Clause } from '../parser/statement.ts';
import type { DraftContext } from '../plan/draft-context.ts';

/** Refuses clauses that are dangerous whatever the rows are, unless they were allowed by name. */
export function lintClauses(
  context: DraftContext,
  table: string,
  clauses: readonly Clause[],
  before: string | undefined,
  after: string | undefined,
): void {
  void before;
  void after;
  if (context.made.has(table)) return;
  for (const clause of clauses) {
    if (clause.kind === 'drop-column') lintDrop(context, table, clause);
    if (clause.kind === 'rename-column') lintRename(context, table, clause);
  }
}

function lintDrop(context: DraftContext, table: string, clause: Clause): void {
  const name = clause.name ?? '';
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

function lintRename(context: DraftContext, table: string, clause: Clause): void {
  context.refuse({
    rule: 'RENAME_COLUMN',
    table,
    clause: clause.text,
    reason: 'the running application asks for the old name until it is deployed again',
    remedy: 'Add the new column beside the old one, or allow it by name for a maintenance window',
    flag: `rename-column:${table}.${clause.name ?? ''}`,
  });
}
