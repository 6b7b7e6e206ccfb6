import { escapeIdentifier } from '@switchyard/mysql/internal';
import { columnType, hasDate, tableCharset, type ColumnType } from '../lint/column-type.ts';
import { columnDangers, type ColumnDanger } from '../lint/column-change.ts';
import { initialValue } from '../lint/initial-value.ts';
import { enforcedChecks, uniqueKeyParts, type KeyPart } from '../lint/keys-and-checks.ts';
import { refusesZeroDates } from '../server/strict-session.ts';
import type { Clause } from '../parser/statement.ts';
import type { PlanRefusal } from '../plan/plan.ts';
import { columnLines } from '../recording/definition.ts';
import type { DraftContext } from './draft-context.ts';
import { anyRow, shardRows, type ShardRows, type TableChange } from './shard-rows.ts';

/** A column before and after a statement. */
interface ColumnChange {
  readonly name: string;
  readonly newName: string;
  readonly from: ColumnType;
  readonly to: ColumnType;
  readonly changed: boolean;
}

/** The questions about one ALTER TABLE. */
interface Asking {
  readonly context: DraftContext;
  readonly change: TableChange;
  readonly clauses: readonly Clause[];
  readonly rows: ShardRows;
  readonly columns: readonly ColumnChange[];
  /** Number of the first step of the statement, for what can be asked only just before it. */
  readonly firstStep: number;
}

/**
 * Asks the rows of each shard for everything that a statement can be refused for when there are
 * rows: an empty scratch table, and an empty canary, say nothing about that. It compares the table
 * before and after the statement, so that it does not matter which clause brings a rule.
 */
export function askRows(
  context: DraftContext,
  change: TableChange,
  clauses: readonly Clause[],
  firstStep: number,
): void {
  const rows = shardRows(context, change);
  const asking = { context, change, clauses, rows, columns: columnChanges(change), firstStep };
  askTypes(asking);
  askNewColumns(asking);
  askKeys(asking);
  askChecks(asking);
  askZeroDates(asking);
}

function columnChanges({ before, after, renamed }: TableChange): ColumnChange[] {
  const lines = columnLines(before);
  const [had, has] = [tableCharset(before), tableCharset(after)];
  return [...columnLines(after)].flatMap(([newName, line]) => {
    const name = renamed.get(newName) ?? newName;
    const old = lines.get(name);
    if (old === undefined) return [];
    const from = columnType(old, had);
    const to = columnType(line, has);
    const recoded = from.charset !== to.charset || from.collation !== to.collation;
    return [{ name, newName, from, to, changed: old !== line || recoded }];
  });
}

function askTypes(asking: Asking): void {
  const { context, change, columns } = asking;
  for (const { name, newName, from, to } of columns.filter(({ changed }) => changed)) {
    const clause = clauseOf(asking, [name, newName]);
    for (const danger of columnDangers(name, from, to)) {
      const refusal = refusalOf(change.table, name, clause, danger);
      if (danger.where === undefined) context.refuse(refusal);
      else ask(asking, `WHERE ${danger.where}`, refusal);
    }
  }
}

function refusalOf(
  table: string,
  column: string,
  clause: string,
  { rule, reason, remedy, flag }: ColumnDanger,
): PlanRefusal {
  const by = flag === undefined ? {} : { flag: `${flag}:${table}.${column}` };
  return { rule, table, clause, reason, remedy, ...by };
}

function askNewColumns(asking: Asking): void {
  const { change } = asking;
  const had = columnLines(change.before);
  for (const [column, line] of columnLines(change.after)) {
    if (had.has(column) || change.renamed.has(column)) continue;
    const { problem } = initialValue(line, tableCharset(change.after));
    if (problem === undefined) continue;
    const clause = clauseOf(asking, [column]);
    const refusal = problem === 'none' ? NO_VALUE : ZERO_DATES;
    const flag = problem === 'none' ? {} : { flag: `zero-dates:${change.table}` };
    const reason = `${refusal.reason} ${column}`;
    ask(asking, '', { ...refusal, table: change.table, clause, reason, ...flag });
  }
}

/** A server that refuses zero dates finds those of all columns when it copies the table. */
function askZeroDates(asking: Asking): void {
  const { context, change, firstStep } = asking;
  const copies = context.steps.slice(firstStep).some(({ path }) => path === 'copy');
  if (!copies || !refusesZeroDates(context.scratch.facts.sqlMode)) return;
  const dates = [...columnLines(change.before)].filter(([, line]) => hasDate(columnType(line)));
  if (dates.length === 0) return;
  const names = dates.map(([name]) => escapeIdentifier(name));
  const zero = names.map((name) => `DAYOFMONTH(${name}) = 0 OR MONTH(${name}) = 0`);
  ask(asking, `WHERE ${zero.join(' OR ')}`, {
    rule: 'ZERO_DATES',
    table: change.table,
    clause: all(asking),
    reason: 'some rows have dates without a day or a month, which the server does not copy',
    remedy: 'Correct those dates first',
    flag: `zero-dates:${change.table}`,
  });
}

const NO_VALUE = {
  rule: 'NULLS_PRESENT',
  reason: 'rows that are there would have no value in',
  remedy: 'Add it as NULL, give the rows a value, then make it NOT NULL',
};

const ZERO_DATES = {
  rule: 'ZERO_DATES',
  reason: 'rows that are there would have 0000-00-00 in',
  remedy: 'Give the column a default, or add it as NULL',
};

function askKeys(asking: Asking): void {
  const { change, columns } = asking;
  const old = (name: string) => change.renamed.get(name) ?? name;
  const spelt = (parts: readonly KeyPart[], name = (one: string) => one) =>
    parts.map(({ column, prefix, text }) => `${column ? name(column) : text} ${prefix}`).join();
  const had = new Set(uniqueKeyParts(change.before).map((parts) => spelt(parts)));
  const changed = new Map(columns.filter((one) => one.changed).map((one) => [one.newName, one]));
  for (const parts of uniqueKeyParts(change.after)) {
    const recoded = parts.some(({ column }) => isRecoded(changed.get(column ?? '')));
    if (had.has(spelt(parts, old)) && !recoded) continue;
    askKey(asking, parts, changed, !had.has(spelt(parts, old)));
  }
}

function isRecoded(column: ColumnChange | undefined): boolean {
  if (column === undefined) return false;
  const { from, to } = column;
  return to.family === 'text' && (from.family !== 'text' || from.collation !== to.collation);
}

function askKey(
  asking: Asking,
  parts: readonly KeyPart[],
  changed: ReadonlyMap<string, ColumnChange>,
  isNew: boolean,
): void {
  const { table } = asking.change;
  const values = parts.map((part) => keyValue(part, changed));
  const filled = values.map((value) => `${value} IS NOT NULL`).join(' AND ');
  const names = parts.map(({ column, text }) => column ?? text).join(', ');
  const collations = parts.flatMap(({ column }) => changed.get(column ?? '')?.to.collation ?? []);
  const own = parts.flatMap(({ column }) => column ?? []);
  ask(asking, `WHERE ${filled} GROUP BY ${values.join(', ')} HAVING COUNT(*) > 1`, {
    rule: 'DUPLICATES_PRESENT',
    table,
    clause: isNew ? keyClause(asking, own) : clauseOf(asking, own),
    reason: isNew
      ? `several rows have the same ${names}`
      : `values of ${names} that differ are equal under ${collations.join(', ')}`,
    remedy: 'Make those rows differ or remove them, then plan again',
  });
}

function keyValue(
  { column, prefix, text }: KeyPart,
  changed: ReadonlyMap<string, ColumnChange>,
): string {
  const to = changed.get(column ?? '')?.to;
  const recoded = isRecoded(changed.get(column ?? '')) && to?.charset !== undefined;
  const collate = to?.collation === undefined ? '' : ` COLLATE ${to.collation}`;
  const value = recoded ? `CONVERT(${text} USING ${to.charset})${collate}` : text;
  return prefix === undefined ? value : `LEFT(${value}, ${prefix})`;
}

function askChecks(asking: Asking): void {
  const { before, after, table } = asking.change;
  const had = new Set(enforcedChecks(before, columnLines(before)));
  for (const condition of enforcedChecks(after, columnLines(after))) {
    if (had.has(condition)) continue;
    ask(asking, `WHERE NOT (${condition})`, {
      rule: 'CHECK_BROKEN',
      table,
      clause: asking.clauses.find(({ kind }) => kind.endsWith('-check'))?.text ?? all(asking),
      reason: `some rows break the condition ${condition}`,
      remedy: 'Correct those rows first, then plan again',
    });
  }
}

/** By a question while planning, or by a check just before the statement's first step. */
function ask(asking: Asking, condition: string, refusal: PlanRefusal): void {
  const { context, change, rows, firstStep } = asking;
  const sql = anyRow(`${rows.from} ${condition}`.trim());
  if (!rows.late) return context.probe({ table: change.table, sql, refusal });
  if (refusal.flag !== undefined && context.allow.has(refusal.flag)) return;
  const { reason: failure, remedy } = refusal;
  context.checkBefore(firstStep, { when: 'before', sql, failure, remedy });
}

function clauseOf(asking: Asking, names: readonly string[]): string {
  const named = asking.clauses.find(({ name, newName }) =>
    [name, newName].some((one) => one !== undefined && names.includes(one)),
  );
  return named?.text ?? all(asking);
}

function keyClause(asking: Asking, columns: readonly string[]): string {
  const keys = asking.clauses.filter(({ kind }) => /^add-(unique|primary-key)$/.test(kind));
  const same = keys.find((clause) => clause.columns?.join() === columns.join());
  return (same ?? (keys.length === 1 ? keys[0] : undefined))?.text ?? all(asking);
}

function all({ clauses }: Asking): string {
  return clauses.map(({ text }) => text).join(', ');
}
