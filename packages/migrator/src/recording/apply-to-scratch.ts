import { escapeIdentifier } from '@switchyard/mysql';
import type { Clause, Statement } from '../parser/statement.ts';
import { columnLines, parentsOf } from './definition.ts';
import type { ScratchSchema } from './scratch-schema.ts';
import { saysAlreadyThere } from '../server/server-answer.ts';

/** Clauses for which it matters which tables refer to this one. */
const SEEN_BY_CHILDREN: ReadonlySet<Clause['kind']> = new Set([
  'drop-column',
  'modify-column',
  'rename-column',
  'drop-index',
  'drop-primary-key',
  'rename-table',
  'convert-charset',
]);

/**
 * Runs a recorded statement on the scratch tables as the shard would run it. What is there already
 * is passed over, clause by clause: the plan says so later.
 */
export async function applyToScratch(
  scratch: ScratchSchema,
  sql: string,
  parameters: readonly unknown[],
  statement: Statement,
  foreignKeyChecks: boolean,
): Promise<void> {
  await mirrorFor(scratch, statement);
  if (statement.kind === 'unreadable' || statement.kind === 'elsewhere') return;
  if (statement.kind === 'object') return;
  if (statement.kind === 'data') return rehearse(scratch, sql, parameters);
  await scratch.withForeignKeyChecks(foreignKeyChecks, async () => {
    if (await passes(scratch, sql, statement)) return;
    if (statement.kind !== 'alter' || statement.clauses.length === 1) return;
    for (const clause of statement.clauses) {
      const alone = `ALTER TABLE ${escapeIdentifier(statement.table)} ${clause.text}`;
      await passes(scratch, alone, { ...statement, clauses: [clause] });
    }
  });
}

/** Mirrors the tables that a statement changes or refers to. */
async function mirrorFor(scratch: ScratchSchema, statement: Statement): Promise<void> {
  if (statement.kind === 'alter') return mirrorForAlter(scratch, statement);
  if (statement.kind === 'create-table') {
    return scratch.mirror([statement.table, ...statement.references]);
  }
  if (statement.kind === 'drop-table') return mirrorWithChildren(scratch, statement.tables);
  if (statement.kind === 'rename-table') {
    const names = statement.renames.flatMap(({ from, to }) => [from, to]);
    return mirrorWithChildren(scratch, names);
  }
  if (statement.kind === 'truncate') return mirrorWithChildren(scratch, [statement.table]);
  if (statement.kind === 'data') return scratch.mirror(statement.tables);
}

async function mirrorForAlter(
  scratch: ScratchSchema,
  statement: Extract<Statement, { kind: 'alter' }>,
): Promise<void> {
  const { table, clauses } = statement;
  await scratch.mirror([table]);
  const parents = clauses.flatMap((clause) => clause.references?.table ?? []);
  await scratch.mirror([...parents, ...parentsOf(scratch.seen.get(table) ?? '')]);
  if (clauses.some((clause) => SEEN_BY_CHILDREN.has(clause.kind))) {
    await mirrorWithChildren(scratch, [table]);
  }
}

async function mirrorWithChildren(
  scratch: ScratchSchema,
  tables: readonly string[],
): Promise<void> {
  const children = await scratch.atShard(async (connection) => {
    const [rows] = await connection.query(
      `SELECT DISTINCT TABLE_NAME AS name FROM information_schema.KEY_COLUMN_USAGE
        WHERE TABLE_SCHEMA = DATABASE() AND REFERENCED_TABLE_SCHEMA = DATABASE()
          AND REFERENCED_TABLE_NAME IN (?)`,
      [tables],
    );
    return (rows as { name: string }[]).map((row) => row.name);
  });
  await scratch.mirror([...tables, ...children]);
}

/** Names and types are checked by running it on empty tables; nothing of it stays. */
async function rehearse(
  scratch: ScratchSchema,
  sql: string,
  parameters: readonly unknown[],
): Promise<void> {
  await scratch.withForeignKeyChecks(false, async () => {
    await scratch.query('START TRANSACTION');
    try {
      await scratch.query(sql, parameters);
    } finally {
      await scratch.query('ROLLBACK');
    }
  });
}

/** False where what it asks for is there already. */
async function passes(scratch: ScratchSchema, sql: string, statement: Statement): Promise<boolean> {
  try {
    await scratch.query(sql);
    return true;
  } catch (error) {
    if (saysAlreadyThere(error) || (await isRenamedAlready(scratch, statement))) return false;
    throw error;
  }
}

/** For renames the server has no answer of its own: the old name is unknown, that is all. */
async function isRenamedAlready(scratch: ScratchSchema, statement: Statement): Promise<boolean> {
  if (statement.kind === 'rename-table') {
    for (const { from, to } of statement.renames) {
      if ((await scratch.definition(from)) !== undefined) return false;
      if ((await scratch.definition(to)) === undefined) return false;
    }
    return true;
  }
  if (statement.kind !== 'alter') return false;
  const columns = columnLines((await scratch.definition(statement.table)) ?? '');
  return statement.clauses.some(
    ({ kind, name, newName }) =>
      kind === 'rename-column' && !columns.has(name ?? '') && columns.has(newName ?? ''),
  );
}
