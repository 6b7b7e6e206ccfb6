import { escapeIdentifier, failureNumber, failureText } from '@switchyard/mysql/internal';
import type { Statement } from '../parser/statement.ts';
import { digestOf } from '../recording/definition.ts';
import { saysAlreadyThere } from '../server/server-answer.ts';
import { differentDefinition, serverRefuses } from './draft-refusals.ts';
import type { DraftContext } from './draft-context.ts';
import { NO_CHECKS, NOTHING_TO_DO } from './draft.ts';
import type { TableState } from '../plan/schema-check.ts';

/** Drafts a CREATE TABLE: a step, nothing (it is there), or a refusal (it is there, otherwise). */
export async function draftCreate(
  context: DraftContext,
  sql: string,
  statement: Extract<Statement, { kind: 'create-table' }>,
): Promise<void> {
  const { scratch } = context;
  const { table } = statement;
  const clause = `CREATE TABLE ${escapeIdentifier(table)}`;
  const before = await scratch.definition(table);
  if (before !== undefined) {
    await scratch.restore(table, undefined);
    const wanted = await created(context, sql, table, clause);
    await scratch.restore(table, before);
    if (wanted === undefined) return;
    if (wanted === before) {
      return context.add({ ...NOTHING_TO_DO, table, clause, note: 'the shard has it already' });
    }
    return context.refuse(differentDefinition(table, clause));
  }
  const after = await created(context, sql, table, clause);
  if (after === undefined) return;
  context.made.add(table);
  context.add({
    ...NO_CHECKS,
    table,
    clause,
    sql,
    path: 'create',
    lock: 'none',
    note: '',
    madeHere: true,
    verify: { kind: 'schema', tables: [{ table, before: undefined, after: digestOf(after) }] },
  });
}

async function created(
  context: DraftContext,
  sql: string,
  table: string,
  clause: string,
): Promise<string | undefined> {
  try {
    await context.scratch.query(sql);
    return await context.scratch.definition(table);
  } catch (error) {
    refuseByServer(context, table, clause, error);
    return undefined;
  }
}

/** Drafts a DROP TABLE, one step per table, so that each outcome can be told. */
export async function draftDrop(context: DraftContext, tables: readonly string[]): Promise<void> {
  for (const table of tables) {
    const clause = `DROP TABLE ${escapeIdentifier(table)}`;
    const before = await context.scratch.definition(table);
    if (before === undefined) {
      context.add({ ...NOTHING_TO_DO, table, clause, note: 'the shard does not have it' });
      continue;
    }
    lintDrop(context, table, clause);
    try {
      await context.scratch.query(clause);
    } catch (error) {
      refuseByServer(context, table, clause, error);
      continue;
    }
    context.made.delete(table);
    addOther(context, table, clause, clause, [
      { table, before: digestOf(before), after: undefined },
    ]);
  }
}

function lintDrop(context: DraftContext, table: string, clause: string): void {
  if (context.made.has(table)) return;
  context.removed.push({ table, column: undefined, clause });
  const used = context.entities.has(table);
  context.refuse({
    rule: used ? 'DROP_TABLE_IN_USE' : 'DROP_TABLE',
    table,
    clause,
    reason: used ? 'an entity of the application still uses it' : 'its rows are lost for good',
    remedy: used ? 'Remove the entity and deploy first' : 'Allow it by name once no one needs it',
    flag: `${used ? 'drop-used-table' : 'drop-table'}:${table}`,
  });
}

/** Drafts renames of tables: one statement, all or nothing. */
export async function draftRename(
  context: DraftContext,
  clause: string,
  renames: readonly { readonly from: string; readonly to: string }[],
): Promise<void> {
  const { scratch } = context;
  const names = [...new Set(renames.flatMap(({ from, to }) => [from, to]))];
  const before = new Map<string, string | undefined>();
  for (const name of names) before.set(name, await scratch.definition(name));
  if (
    renames.every(({ from, to }) => before.get(from) === undefined && before.get(to) !== undefined)
  ) {
    return context.add({ ...NOTHING_TO_DO, table: names[0], clause, note: 'renamed already' });
  }
  const list = renames
    .map(({ from, to }) => `${escapeIdentifier(from)} TO ${escapeIdentifier(to)}`)
    .join(', ');
  try {
    await scratch.query(`RENAME TABLE ${list}`);
  } catch (error) {
    return refuseByServer(context, names[0], clause, error);
  }
  const states: TableState[] = [];
  for (const name of names) {
    const after = digestOf(await scratch.definition(name));
    states.push({ table: name, before: digestOf(before.get(name)), after });
  }
  for (const { from, to } of renames) lintRename(context, clause, from, to);
  addOther(context, names[0], clause, `RENAME TABLE ${list}`, states);
}

function lintRename(context: DraftContext, clause: string, from: string, to: string): void {
  if (context.made.delete(from)) {
    context.made.add(to);
    return;
  }
  context.removed.push({ table: from, column: undefined, clause });
  context.refuse({
    rule: 'RENAME_TABLE',
    table: from,
    clause,
    reason: 'the running application asks for the old name until it is deployed again',
    remedy: 'Add the new table beside the old one, or allow it by name for a maintenance window',
    flag: `rename-table:${from}`,
  });
}

/** Drafts a TRUNCATE: it is repeatable, and it is the end of the rows. */
export async function draftTruncate(context: DraftContext, table: string): Promise<void> {
  const clause = `TRUNCATE TABLE ${escapeIdentifier(table)}`;
  if (!context.made.has(table)) {
    context.refuse({
      rule: 'TRUNCATE',
      table,
      clause,
      reason: 'its rows are lost for good',
      remedy: 'Allow it by name once no one needs them',
      flag: `truncate:${table}`,
    });
  }
  try {
    await context.scratch.query(clause);
  } catch (error) {
    return refuseByServer(context, table, clause, error);
  }
  context.add({ ...OTHER, table, clause, sql: clause, verify: { kind: 'repeatable' } });
}

const OTHER = {
  ...NO_CHECKS,
  path: 'other',
  lock: 'exclusive',
  note: '',
  madeHere: false,
} as const;

function addOther(
  context: DraftContext,
  table: string | undefined,
  clause: string,
  sql: string,
  tables: readonly TableState[],
): void {
  context.add({ ...OTHER, table, clause, sql, verify: { kind: 'schema', tables } });
}

/** The server's own reason why a statement cannot be carried out. */
export function refuseByServer(
  context: DraftContext,
  table: string | undefined,
  clause: string,
  error: unknown,
): void {
  if (failureNumber(error) === undefined) throw error;
  context.refuse(
    saysAlreadyThere(error)
      ? differentDefinition(table, clause)
      : serverRefuses(table, clause, failureText(error)),
  );
}
