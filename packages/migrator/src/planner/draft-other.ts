import { escapeIdentifier } from '@switchyard/mysql';
import { touchedRows } from '../parser/touched-rows.ts';
import type { Statement } from '../parser/statement.ts';
import { engineOf } from '../recording/definition.ts';
import type { DraftContext } from './draft-context.ts';
import { NO_CHECKS, type DataProbe } from './draft.ts';
import type { DataCheck, PlanRefusal } from '../plan/plan.ts';

const IN_RANGES =
  'Take it out of the migration, and change the rows by a job of your own, in ranges of the primary key';

/**
 * Drafts a statement that changes rows: shown as such, and only where it stays small and can be
 * undone together with its line in the ledger.
 */
export async function draftData(
  context: DraftContext,
  sql: string,
  parameters: readonly unknown[],
  statement: Extract<Statement, { kind: 'data' }>,
): Promise<void> {
  const [table] = statement.tables;
  const clause = sql.replaceAll(/\s+/g, ' ').trim();
  for (const each of statement.tables) {
    const engine = engineOf(await context.scratch.definition(each));
    if (WITHOUT_TRANSACTIONS.test(engine)) return context.refuse(notUndone(each, engine, clause));
  }
  if (statement.limited) {
    return context.refuse({
      rule: 'DATA_IN_BATCHES',
      table,
      clause,
      reason: 'a LIMIT means that it is meant to run many times, which a plan cannot know',
      remedy: IN_RANGES,
    });
  }
  const asked =
    statement.verb === 'insert' ? undefined : rowsProbe(context, sql, parameters, statement);
  const late = statement.tables.some((each) => context.rowsChanged.has(each));
  if (asked !== undefined && !late) context.probe(asked);
  context.add({
    ...NO_CHECKS,
    table,
    clause,
    sql,
    parameters,
    path: 'data',
    lock: 'none',
    note: 'changes rows, in one transaction with its line in the ledger',
    madeHere: false,
    verify: { kind: 'transaction' },
    checks: asked !== undefined && late ? [asCheck(asked)] : [],
  });
  for (const each of statement.tables) context.rowsChanged.add(each);
}

const WITHOUT_TRANSACTIONS = /^(MyISAM|MRG_MyISAM|Aria|MEMORY|CSV|ARCHIVE)$/i;

/** A run that is killed could not tell whether its rows were changed, and would change them again. */
function notUndone(table: string, engine: string, clause: string): PlanRefusal {
  return {
    rule: 'NOT_PLANNABLE',
    table,
    clause,
    reason: `${table} is kept by ${engine}, which has no transactions: a change half done stays`,
    remedy: 'Change the table to InnoDB in a migration before this one',
  };
}

/**
 * Counts the rows that the statement touches. Where the shard cannot be asked so, because a column
 * is not there yet, its whole table counts. Undefined for tables that the shard does not have.
 */
function rowsProbe(
  context: DraftContext,
  sql: string,
  parameters: readonly unknown[],
  statement: Extract<Statement, { kind: 'data' }>,
): DataProbe | undefined {
  const tables = statement.tables.filter((each) => context.isOnShard(each, []));
  const [table] = tables;
  if (table === undefined) return undefined;
  const most = context.policy.dataRows;
  const touched = tables.length === statement.tables.length ? touchedRows(sql) : undefined;
  const all = tables.map((each) => escapeIdentifier(each)).join(', ');
  return {
    table,
    sql: moreThan(touched?.from ?? all, most),
    parameters: touched?.parameters.map((number) => parameters[number]) ?? [],
    otherwise: moreThan(all, most),
    refusal: {
      rule: 'DATA_TOO_LARGE',
      table,
      clause: sql.replaceAll(/\s+/g, ' ').trim(),
      reason: `it touches more than ${most} rows, which would be locked in one transaction`,
      remedy: IN_RANGES,
    },
  };
}

/** For rows that an earlier step of the migration changes. */
function asCheck({ sql, parameters = [], refusal }: DataProbe): DataCheck {
  const { reason: failure, remedy } = refusal;
  return { when: 'before', sql, parameters, failure, remedy };
}

/** 1 where the table has more than `most` rows, without reading more than that. */
export function moreRowsThan(table: string, most: number): string {
  return moreThan(escapeIdentifier(table), most);
}

function moreThan(from: string, most: number): string {
  const some = `SELECT 1 FROM ${from} LIMIT ${most + 1}`;
  return `SELECT COUNT(*) > ${most} AS offending FROM (${some}) AS some`;
}

/** Drafts a view, trigger or routine: the server does it at once. */
export function draftObject(
  context: DraftContext,
  sql: string,
  statement: Extract<Statement, { kind: 'object' }>,
): void {
  const { object, action, name } = statement;
  context.add({
    ...NO_CHECKS,
    table: undefined,
    clause: `${action.toUpperCase()} ${object.toUpperCase()} ${escapeIdentifier(name)}`,
    sql,
    path: 'other',
    lock: object === 'trigger' ? 'exclusive' : 'none',
    note: object === 'trigger' ? 'waits for open transactions on its table' : '',
    madeHere: false,
    verify:
      action === 'replace'
        ? { kind: 'repeatable' }
        : { kind: 'object', object, name, existsAfter: action === 'create' },
  });
}
