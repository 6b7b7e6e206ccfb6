import { escapeIdentifier } from '@switchyard/mysql';
import type { Clause } from '../parser/statement.ts';
import type { RecordedStatement } from '../recording/recorded.ts';

/**
 * TypeORM 1.1 writes a column whose length or type changed as DROP COLUMN and ADD COLUMN, and its
 * data would be gone (typeorm/typeorm#3357). Where a migration adds a column that it dropped, the
 * drop is left out and the addition becomes a MODIFY; `replace-column:table.column` means it as it
 * is written.
 */
export function replacedColumns(
  statements: readonly RecordedStatement[],
  allow: ReadonlySet<string>,
): RecordedStatement[] {
  const dropped = new Map<string, RecordedStatement>();
  const replaced = new Set<string>();
  for (const recorded of statements) {
    forEachColumn(recorded, (key, clause) => {
      if (clause.kind === 'drop-column') dropped.set(key, recorded);
      else if (dropped.has(key) && !allow.has(`replace-column:${key}`)) replaced.add(key);
    });
  }
  if (replaced.size === 0) return [...statements];
  return statements.flatMap((recorded) => rewritten(recorded, replaced));
}

function forEachColumn(
  { statement }: RecordedStatement,
  visit: (key: string, clause: Clause) => void,
): void {
  if (statement.kind !== 'alter') return;
  for (const clause of statement.clauses) {
    if (clause.kind === 'drop-column' || clause.kind === 'add-column') {
      visit(`${statement.table}.${clause.name ?? ''}`, clause);
    }
  }
}

function rewritten(
  recorded: RecordedStatement,
  replaced: ReadonlySet<string>,
): RecordedStatement[] {
  const { statement } = recorded;
  if (statement.kind !== 'alter') return [recorded];
  const clauses = statement.clauses.flatMap((clause) => {
    if (!replaced.has(`${statement.table}.${clause.name ?? ''}`)) return [clause];
    if (clause.kind === 'drop-column') return [];
    return clause.kind === 'add-column' ? [asModify(clause)] : [clause];
  });
  if (clauses.length === 0) return [];
  return [{ ...recorded, statement: { ...statement, clauses } }];
}

/** At its old place: TypeORM does not say where a column stood. */
function asModify(clause: Clause): Clause {
  const name = escapeIdentifier(clause.name ?? '');
  const text = `MODIFY COLUMN ${name} ${clause.definition ?? ''} ${clause.position}`.trim();
  return { ...clause, kind: 'modify-column', text };
}
