import type { Climbed } from '../ladder/climb.ts';
import type { Clause } from '../parser/statement.ts';
import type { CopyDefinition } from '../plan/plan.ts';
import { columnLines, readDefinition, sameDefinition } from '../recording/definition.ts';
import type { ScratchSchema } from '../recording/scratch-schema.ts';
import { tryCopy } from '../shadow-copy/plan-copy.ts';
import type { ShadowWay } from './draft.ts';

const BY_HAND = 'Split the change into several migrations, or make it by hand';

/**
 * Whether a shadow copy comes to the same definition as the server's own copy did, tried on the
 * empty table. The scratch table is afterwards as it was.
 */
export async function shadowWay(
  scratch: ScratchSchema,
  table: string,
  clauses: readonly Clause[],
  { before = '', after = '' }: Climbed,
): Promise<ShadowWay> {
  const filledAnew = refilledColumn(clauses, before, after);
  if (filledAnew !== undefined) {
    const reason = `column ${filledAnew} is dropped and made again, and the copy would keep its values`;
    return { ready: false, reason, remedy: BY_HAND };
  }
  const copy: CopyDefinition = {
    alter: [clauses.map(({ text }) => text).join(', ')],
    renamed: renamedColumns(clauses, before),
  };
  await scratch.restore(table, before);
  const tried = await scratch.inScratch((connection) =>
    tryCopy(connection, table, copy, async (shadow) =>
      withName((await readDefinition(connection, shadow)) ?? '', shadow, table),
    ),
  );
  await scratch.restore(table, after);
  if ('refusal' in tried) return { ready: false, ...tried.refusal };
  if (sameDefinition(tried.value, after)) return { ready: true, copy };
  // MySQL keeps names of CHECKs unique in a database, so that LIKE gives them others.
  const reason = 'the copy would have other names of CHECK constraints than the table';
  return { ready: false, reason, remedy: 'Drop the named CHECK constraints first' };
}

/** The swap renames what the server has named after the table. */
function withName(definition: string, shadow: string, table: string): string {
  return definition.replaceAll(`\`${shadow}_chk_`, `\`${table}_chk_`);
}

/** Clauses may write a name in other letters than the table has it. */
function renamedColumns(clauses: readonly Clause[], before: string): Record<string, string> {
  const actual = new Map([...columnLines(before).keys()].map((name) => [name.toLowerCase(), name]));
  const renames = clauses.filter(({ kind }) => kind === 'rename-column');
  return Object.fromEntries(
    renames.map(({ name = '', newName = '' }) => [actual.get(name.toLowerCase()) ?? name, newName]),
  );
}

/** A column that is dropped, and of whose name there is another one afterwards. */
function refilledColumn(
  clauses: readonly Clause[],
  before: string,
  after: string,
): string | undefined {
  const lower = (definition: string) =>
    new Set([...columnLines(definition).keys()].map((name) => name.toLowerCase()));
  const [had, has] = [lower(before), lower(after)];
  const dropped = clauses.filter(({ kind }) => kind === 'drop-column');
  return dropped.find(({ name = '' }) => had.has(name.toLowerCase()) && has.has(name.toLowerCase()))
    ?.name;
}
