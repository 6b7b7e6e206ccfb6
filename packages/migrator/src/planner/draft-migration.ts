import { sameDefinition } from '../recording/definition.ts';
import { replacedColumns } from '../lint/replaced-columns.ts';
import { primaryKey } from '../lint/keys-and-checks.ts';
import { readStatement } from '../parser/read-statement.ts';
import type { PlanRefusal } from '../plan/plan.ts';
import type { RecordedStatement, Recording, RecordingFailure } from '../recording/recorded.ts';
import { draftAlter } from './draft-alter.ts';
import type { DraftContext } from './draft-context.ts';
import { draftData, draftObject } from './draft-other.ts';
import { draftCreate, draftDrop, draftRename, draftTruncate } from './draft-table.ts';
import type { Draft } from './draft.ts';

/**
 * Drafts a recorded migration, statement by statement, on scratch tables that are as they were
 * before it. What a statement does to them is there for the next one; in the end they must be as
 * `wanted`, which is what the migration itself made of them.
 */
export async function draftMigration(
  context: DraftContext,
  recording: Recording,
  wanted: ReadonlyMap<string, string>,
): Promise<Draft> {
  const keys = await primaryKeys(context, recording);
  const altered = await alteredTables(context, recording);
  const statements = replacedColumns(recording.statements, context.allow, keys);
  const asWritten = statements.every((one, i) => one === recording.statements[i]);
  for (const recorded of statements) {
    context.foreignKeyChecks = recorded.foreignKeyChecks;
    await context.scratch.withForeignKeyChecks(recorded.foreignKeyChecks, () =>
      draftStatement(context, recorded),
    );
  }
  await refuseLostKeys(context, altered);
  if (asWritten && context.refusals.length === 0 && recording.failures.length === 0) {
    await refuseDifference(context, wanted);
  }
  for (const failure of recording.failures) context.refuse(notRecorded(failure));
  return {
    migration: context.migration.name,
    steps: context.steps,
    refusals: context.refusals,
    probes: context.probes,
    removed: context.removed,
    dataReads: recording.dataReads,
  };
}

/** What the tables that the migration alters are before it. */
async function alteredTables(
  context: DraftContext,
  { statements }: Recording,
): Promise<Map<string, string>> {
  const tables = new Map<string, string>();
  for (const { statement } of statements) {
    if (statement.kind !== 'alter' || context.made.has(statement.table)) continue;
    const definition = await context.scratch.definition(statement.table);
    if (definition !== undefined) tables.set(statement.table, definition);
  }
  return tables;
}

/** By what the whole migration leaves: a key that is made again later is not lost. */
async function refuseLostKeys(
  context: DraftContext,
  altered: ReadonlyMap<string, string>,
): Promise<void> {
  for (const [table, before] of altered) {
    if (primaryKey(before).length === 0) continue;
    const after = await context.scratch.definition(table);
    if (after === undefined || primaryKey(after).length > 0) continue;
    context.refuse({
      rule: 'DROP_PRIMARY_KEY',
      table,
      clause: context.migration.name,
      reason: 'the table is left without a primary key: nothing tells its rows apart',
      remedy: 'Add the new primary key in the same migration, or allow it by name',
      flag: `drop-primary-key:${table}`,
    });
  }
}

/** Columns of the primary keys that the migration drops. */
async function primaryKeys(
  context: DraftContext,
  { statements }: Recording,
): Promise<Map<string, readonly string[]>> {
  const keys = new Map<string, readonly string[]>();
  for (const { statement } of statements) {
    if (statement.kind !== 'alter') continue;
    if (!statement.clauses.some(({ kind }) => kind === 'drop-primary-key')) continue;
    const definition = (await context.scratch.definition(statement.table)) ?? '';
    keys.set(statement.table, primaryKey(definition));
  }
  return keys;
}

/** Old tables have defaults that are no dates, and no statement about such a table is taken. */
function notRecorded({ rule, sql, reason, remedy, flag }: RecordingFailure): PlanRefusal {
  const refusal = { rule, table: undefined, clause: sql, reason, remedy, flag };
  if (!/Invalid default value|Incorrect (date|datetime) value: '0000/.test(reason)) {
    return refusal;
  }
  const statement = readStatement(sql);
  const table = 'table' in statement ? statement.table : undefined;
  if (table === undefined) return { ...refusal, rule: 'ZERO_DATES', remedy: ZERO_REMEDY };
  const allowed = `zero-dates:${table}`;
  return { ...refusal, rule: 'ZERO_DATES', table, remedy: ZERO_REMEDY, flag: allowed };
}

const ZERO_REMEDY = 'Give the column a default that is a date, or allow zero dates by name';

/** A safety net: steps that make something else of a table than the migration does are not sent. */
async function refuseDifference(
  context: DraftContext,
  wanted: ReadonlyMap<string, string>,
): Promise<void> {
  const got = await context.scratch.definitions();
  for (const table of new Set([...wanted.keys(), ...got.keys()])) {
    if (sameDefinition(wanted.get(table), got.get(table))) continue;
    context.refuse({
      rule: 'PLAN_DIFFERS',
      table,
      clause: context.migration.name,
      reason: 'carried out in steps, the table would not be as the migration makes it',
      remedy: 'Write one clause per statement, and report this migration',
    });
  }
}

async function draftStatement(context: DraftContext, recorded: RecordedStatement): Promise<void> {
  const { statement, sql, parameters } = recorded;
  switch (statement.kind) {
    case 'alter':
      return draftAlter(context, statement);
    case 'create-table':
      return draftCreate(context, sql, statement);
    case 'drop-table':
      return draftDrop(context, statement.tables);
    case 'rename-table':
      return draftRename(context, sql, statement.renames);
    case 'truncate':
      return draftTruncate(context, statement.table);
    case 'data':
      return draftData(context, sql, parameters, statement);
    case 'object':
      return draftObject(context, sql, statement);
    case 'elsewhere':
      return context.refuse({
        rule: 'OTHER_DATABASE',
        table: undefined,
        clause: sql,
        reason: `it names the database ${statement.database}, and every shard has its own`,
        remedy: 'Leave the database out',
      });
    case 'unreadable':
      return context.refuse({
        rule: 'UNREADABLE',
        table: undefined,
        clause: sql,
        reason: statement.reason,
        remedy: statement.remedy,
      });
    default:
      return undefined;
  }
}
