import { escapeIdentifier, failureNumber, ServerError } from '@switchyard/mysql/internal';
import type { Clause } from '../parser/statement.ts';
import { columnLines, otherLines } from '../recording/definition.ts';
import { nameOfLine } from '../recording/table-meaning.ts';
import type { ScratchSchema } from '../recording/scratch-schema.ts';
import type { NotClimbed } from './climb.ts';

const TWIN = 'switchyard_twin';
const PROBE = 'switchyard_probe';

/**
 * `same`: what the clause asks for is there. `different`: something of that name is there, defined
 * otherwise. `refused`: the server has another reason.
 */
export type Verdict = 'same' | 'different' | 'refused';

/** Settles whether a clause that the server refuses is only late, by building what it asks for. */
export async function settled(
  scratch: ScratchSchema,
  table: string,
  clauses: readonly Clause[],
  refusal: NotClimbed,
): Promise<Verdict> {
  const definition = await scratch.definition(table);
  if (definition === undefined) return 'refused';
  const verdicts: Verdict[] = [];
  for (const clause of clauses) {
    verdicts.push(await settleOne(scratch, table, definition, clause, refusal));
  }
  if (verdicts.every((verdict) => verdict === 'same')) return 'same';
  return verdicts.includes('different') ? 'different' : 'refused';
}

async function settleOne(
  scratch: ScratchSchema,
  table: string,
  definition: string,
  clause: Clause,
  refusal: NotClimbed,
): Promise<Verdict> {
  const name = clause.name ?? '';
  const columns = columnLines(definition);
  const named = otherLines(definition).filter((line) => nameOfLine(line) === name);
  if (clause.kind === 'rename-column' && refusal.number === ServerError.ER_BAD_FIELD_ERROR) {
    const renamed = !columns.has(name) && columns.has(clause.newName ?? '');
    return renamed ? 'same' : 'refused';
  }
  if (refusal.outcome !== 'already-there') return 'refused';
  if (clause.kind === 'drop-column') return columns.has(name) ? 'refused' : 'same';
  if (clause.kind === 'drop-primary-key') return 'same';
  if (clause.kind.startsWith('drop-')) return named.length === 0 ? 'same' : 'refused';
  if (clause.kind === 'add-column') return sameColumn(scratch, table, columns.get(name), clause);
  return sameKey(scratch, table, named, clause);
}

async function sameColumn(
  scratch: ScratchSchema,
  table: string,
  existing: string | undefined,
  clause: Clause,
): Promise<Verdict> {
  if (existing === undefined) return 'refused';
  const sql = `ADD COLUMN ${PROBE} ${clause.definition ?? ''}`;
  const twin = await twinWith(scratch, table, [sql]);
  const wanted = twin === undefined ? undefined : columnLines(twin).get(PROBE);
  return wanted === existing ? 'same' : 'different';
}

async function sameKey(
  scratch: ScratchSchema,
  table: string,
  existing: readonly string[],
  clause: Clause,
): Promise<Verdict> {
  const name = escapeIdentifier(clause.name ?? '');
  if (clause.kind === 'add-foreign-key' || clause.kind === 'add-check') {
    const text = clause.text.replace(/CONSTRAINT\s+(`(?:[^`]|``)+`|\S+)/i, `CONSTRAINT ${PROBE}`);
    const probe = await linesOfTwin(scratch, table, text, (line) => nameOfLine(line) === PROBE);
    return verdict(
      probe.map((line) => line.replace(escapeIdentifier(PROBE), name)),
      existing,
    );
  }
  if (clause.kind === 'add-primary-key') {
    const of = otherLines((await scratch.definition(table)) ?? '');
    const text = `DROP PRIMARY KEY, ${clause.text}`;
    return verdict(await linesOfTwin(scratch, table, text, isPrimary), of);
  }
  const text = `DROP INDEX ${name}, ${clause.text}`;
  const isOfName = (line: string) => nameOfLine(line) === clause.name;
  return verdict(await linesOfTwin(scratch, table, text, isOfName), existing);
}

function verdict(wanted: readonly string[], existing: readonly string[]): Verdict {
  const same = wanted.length > 0 && wanted.every((line) => existing.includes(line));
  return same ? 'same' : 'different';
}

async function linesOfTwin(
  scratch: ScratchSchema,
  table: string,
  clause: string,
  isMeant: (line: string) => boolean,
): Promise<string[]> {
  const twin = await twinWith(scratch, table, [clause]);
  return otherLines(twin ?? '').filter(isMeant);
}

function isPrimary(line: string): boolean {
  return line.startsWith('PRIMARY KEY ');
}

/** The definition of an empty copy (without foreign keys) after `clauses`; undefined if refused. */
async function twinWith(
  scratch: ScratchSchema,
  table: string,
  clauses: readonly string[],
): Promise<string | undefined> {
  await scratch.query(`CREATE TABLE ${TWIN} LIKE ${escapeIdentifier(table)}`);
  try {
    for (const clause of clauses) await scratch.query(`ALTER TABLE ${TWIN} ${clause}`);
    return await scratch.definition(TWIN);
  } catch (error) {
    if (failureNumber(error) === undefined) throw error;
    return undefined;
  } finally {
    await scratch.query(`DROP TABLE ${TWIN}`);
  }
}
