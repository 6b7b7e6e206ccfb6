import { applicationEffects } from '../lint/application-effects.ts';
import { lintClauses } from './lint-clauses.ts';
import type { Climbed } from '../ladder/climb.ts';
import { hasSafeInstantColumns } from '../ladder/rungs.ts';
import { settled } from '../ladder/settle.ts';
import { climbAlter, type Rise } from '../ladder/split-alter.ts';
import type { Clause, Statement } from '../parser/statement.ts';
import { columnLines, digestOf, engineOf } from '../recording/definition.ts';
import { draftForeignKey } from './draft-foreign-key.ts';
import { draftPartition } from './draft-partition.ts';
import { shadowWay } from './shadow-way.ts';
import { draftRename } from './draft-table.ts';
import { NO_CHECKS, NOTHING_TO_DO } from './draft.ts';
import { differentDefinition, serverRefuses } from './draft-refusals.ts';
import type { DraftContext } from './draft-context.ts';
import type { Step } from '../plan/plan.ts';

type Special = (context: DraftContext, table: string, clause: Clause) => Promise<void>;

/** Clauses that the ladder alone would misjudge. */
const SPECIAL: Partial<Record<Clause['kind'], Special>> = {
  'add-foreign-key': draftForeignKey,
  'rename-table': (context, table, clause) =>
    draftRename(context, clause.text, [{ from: table, to: clause.name ?? '' }]),
  partition: draftPartition,
  'partition-move': draftPartition,
  'drop-partition': draftPartition,
};

/** Drafts the steps of one ALTER TABLE: special clauses alone, the others as cheap as they come. */
export async function draftAlter(
  context: DraftContext,
  statement: Extract<Statement, { kind: 'alter' }>,
): Promise<void> {
  const { table, clauses } = statement;
  const before = await context.scratch.definition(table);
  const firstStep = context.steps.length;
  let ordinary: Clause[] = [];
  for (const clause of clauses) {
    const special = SPECIAL[clause.kind];
    if (special === undefined) {
      ordinary.push(clause);
      continue;
    }
    await draftOrdinary(context, table, ordinary);
    ordinary = [];
    await special(context, table, clause);
  }
  await draftOrdinary(context, table, ordinary);
  const after = await context.scratch.definition(table);
  lintClauses(context, table, clauses, before, firstStep, after);
}

async function draftOrdinary(
  context: DraftContext,
  table: string,
  clauses: readonly Clause[],
): Promise<void> {
  if (clauses.length === 0) return;
  const { scratch } = context;
  const definition = (await scratch.definition(table)) ?? '';
  const versions = rowVersionsIn(definition);
  const engine = engineOf(definition).toLowerCase();
  const limited = context.withoutInstant.has(table) || !hasSafeInstantColumns(scratch.facts);
  const rises = await climbAlter(scratch, table, clauses, (some) => ({
    withoutInstant: limited && versions(some) > 0,
    onlyCopy: !context.policy.native || some.some((clause) => changesEngine(clause, engine)),
  }));
  for (const rise of rises) await addRise(context, table, rise, versions(rise.clauses));
}

async function addRise(
  context: DraftContext,
  table: string,
  rise: Rise,
  rowVersions: number,
): Promise<void> {
  const { result, clauses } = rise;
  if (result.outcome === 'climbed') {
    return addClimbed(context, table, clauses, result, rowVersions);
  }
  const clause = clauses.map((one) => one.text).join(', ');
  const verdict = await settled(context.scratch, table, clauses, result);
  if (verdict === 'same') {
    return context.add({ ...NOTHING_TO_DO, table, clause, note: 'the shard has it already' });
  }
  context.refuse(
    verdict === 'different'
      ? differentDefinition(table, clause)
      : serverRefuses(table, clause, result.message),
  );
}

async function addClimbed(
  context: DraftContext,
  table: string,
  clauses: readonly Clause[],
  climbed: Climbed,
  rowVersions: number,
): Promise<void> {
  const clause = clauses.map((one) => one.text).join(', ');
  const changesText = climbed.before !== climbed.after;
  const silent = clauses.some((one) => one.kind === 'rebuild' || isCounter(one));
  if (!changesText && !silent) {
    return context.add({ ...NOTHING_TO_DO, table, clause, note: 'the definition is so already' });
  }
  const copied = climbed.path === 'copy' && !context.made.has(table);
  const shadow = copied ? await shadowWay(context.scratch, table, clauses, climbed) : undefined;
  context.add({
    ...NO_CHECKS,
    shadow,
    table,
    clause,
    sql: climbed.sql,
    path: climbed.path,
    lock: climbed.path === 'copy' ? 'shared' : 'none',
    note: noteOf(climbed, context.made.has(table)),
    madeHere: context.made.has(table),
    rowVersions: climbed.path === 'instant' ? rowVersions : 0,
    verify: changesText
      ? {
          kind: 'schema',
          tables: [{ table, before: digestOf(climbed.before), after: digestOf(climbed.after) }],
        }
      : { kind: 'repeatable' },
  });
}

/** MariaDB takes `ALGORITHM=INSTANT` for another engine and copies the table under a lock. */
function changesEngine({ text }: Clause, engine: string): boolean {
  const wanted = /^ENGINE\s*=?\s*(\w+|'\w+'|"\w+"|`\w+`)/i.exec(text)?.[1];
  return wanted !== undefined && wanted.replace(/\W/g, '').toLowerCase() !== engine;
}

/** The next id is not part of a definition. */
function isCounter(clause: Clause): boolean {
  return /^AUTO_INCREMENT\b/i.test(clause.text);
}

/** Adding and dropping columns that are stored costs a row version, whatever their number. */
function rowVersionsIn(definition: string): (clauses: readonly Clause[]) => number {
  const lines = columnLines(definition);
  const isStored = ({ kind, name, definition: added = '' }: Clause): boolean => {
    if (kind === 'drop-column') return !/\bVIRTUAL\b/.test(lines.get(name ?? '') ?? '');
    if (kind !== 'add-column') return false;
    return !/\bAS\s*\(/i.test(added) || /\b(STORED|PERSISTENT)\b/i.test(added);
  };
  return (clauses) => (clauses.some(isStored) ? 1 : 0);
}

/** What it costs, and what it means for the statements of the application that is running. */
function noteOf({ path, before = '', after = '' }: Climbed, madeHere: boolean): Step['note'] {
  const cost = path === 'rebuild' ? ['rewrites the table; replicas do the same afterwards'] : [];
  return [...cost, ...(madeHere ? [] : applicationEffects(before, after))].join('; ');
}
