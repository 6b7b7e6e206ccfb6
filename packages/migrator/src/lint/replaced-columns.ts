import { escapeIdentifier } from '@switchyard/mysql';
import type { Clause } from '../parser/statement.ts';
import type { RecordedStatement } from '../recording/recorded.ts';

/**
 * TypeORM 1.1 writes a column whose length or type changed as DROP COLUMN and ADD COLUMN, and its
 * data would be gone (typeorm/typeorm#3357). Where a migration adds a column that it dropped, the
 * drop is left out and the addition becomes a MODIFY; `replace-column:table.column` means it as it
 * is written. What only made the drop possible (the column without AUTO_INCREMENT, the table without
 * its primary key) is left out with it, because inserts would fail meanwhile. `primaryKeys` are those
 * of the tables before the migration.
 */
export function replacedColumns(
  statements: readonly RecordedStatement[],
  allow: ReadonlySet<string>,
  primaryKeys: ReadonlyMap<string, readonly string[]> = new Map(),
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
  const kept = withoutPreparations(statements, replaced, primaryKeys);
  return kept.flatMap((recorded) => rewritten(recorded, replaced));
}

/** Leaves out what stands directly before a drop that is left out, and was there for it alone. */
function withoutPreparations(
  statements: readonly RecordedStatement[],
  replaced: ReadonlySet<string>,
  primaryKeys: ReadonlyMap<string, readonly string[]>,
): RecordedStatement[] {
  const kept = [...statements];
  for (const key of replaced) {
    const dropped = kept.findIndex((one) => has(one, 'drop-column', key));
    const added = kept.find((one) => has(one, 'add-column', key));
    const again = clausesOf(added).find(({ kind }) => kind === 'add-column')?.definition ?? '';
    for (let i = dropped - 1; i >= 0; i--) {
      const recorded = kept[i] as RecordedStatement;
      const keyed = PRIMARY.test(again) && isPrimaryKey(primaryKeys, key);
      if (!has(recorded, 'modify-column', key) && !(keyed && dropsPrimaryKey(recorded, key))) break;
      kept.splice(i, 1);
      if (dropsPrimaryKey(recorded, key)) replaceAdded(kept, added, again);
    }
  }
  return kept;
}

const PRIMARY = /\s+PRIMARY\s+KEY\b/i;

/** The key has stayed, so the column does not bring it again. */
function replaceAdded(
  kept: RecordedStatement[],
  added: RecordedStatement | undefined,
  definition: string,
): void {
  if (added?.statement.kind !== 'alter') return;
  const { statement } = added;
  const clauses = statement.clauses.map((clause) =>
    clause.kind === 'add-column' && clause.definition === definition
      ? { ...clause, definition: definition.replace(PRIMARY, '') }
      : clause,
  );
  kept[kept.indexOf(added)] = { ...added, statement: { ...statement, clauses } };
}

function clausesOf(recorded: RecordedStatement | undefined): readonly Clause[] {
  return recorded?.statement.kind === 'alter' ? recorded.statement.clauses : [];
}

function has({ statement }: RecordedStatement, kind: Clause['kind'], key: string): boolean {
  if (statement.kind !== 'alter') return false;
  const { table, clauses } = statement;
  const alone = kind !== 'modify-column' || clauses.length === 1;
  return alone && clauses.some((one) => one.kind === kind && `${table}.${one.name ?? ''}` === key);
}

function dropsPrimaryKey({ statement }: RecordedStatement, key: string): boolean {
  if (statement.kind !== 'alter' || !key.startsWith(`${statement.table}.`)) return false;
  return statement.clauses.length === 1 && statement.clauses[0]?.kind === 'drop-primary-key';
}

function isPrimaryKey(keys: ReadonlyMap<string, readonly string[]>, key: string): boolean {
  return [...keys].some(
    ([table, columns]) => columns.length === 1 && `${table}.${columns[0] ?? ''}` === key,
  );
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
