import { escapeIdentifier } from '@switchyard/mysql';
import type { Clause } from '../parser/statement.ts';
import { digestOf } from '../recording/definition.ts';
import type { DraftContext } from './draft-context.ts';
import { refuseByServer } from './draft-table.ts';
import { NO_CHECKS } from './draft.ts';

/**
 * Drafts a change of partitions, judged by its text: MariaDB takes `ALGORITHM=INSTANT` for some and
 * copies anyway, for others it takes no such clause at all.
 */
export async function draftPartition(
  context: DraftContext,
  table: string,
  clause: Clause,
): Promise<void> {
  const moves = clause.kind === 'partition-move' || /\bPARTITIONS\s+\d+/i.test(clause.text);
  const before = await context.scratch.definition(table);
  const sql = partitionSql(context, table, clause, moves);
  try {
    await context.scratch.query(sql);
  } catch (error) {
    return refuseByServer(context, table, clause.text, error);
  }
  const after = await context.scratch.definition(table);
  if (clause.kind === 'drop-partition') lintDrop(context, table, clause);
  const truncates = before === after;
  context.add({
    ...NO_CHECKS,
    table,
    clause: clause.text,
    sql,
    path: moves ? 'copy' : 'inplace',
    lock: moves ? 'shared' : 'none',
    note: moves ? 'moves all rows' : '',
    madeHere: context.made.has(table),
    verify: truncates
      ? { kind: 'repeatable' }
      : { kind: 'schema', tables: [{ table, before: digestOf(before), after: digestOf(after) }] },
  });
}

function partitionSql(
  context: DraftContext,
  table: string,
  clause: Clause,
  moves: boolean,
): string {
  const head = `ALTER TABLE ${escapeIdentifier(table)}`;
  const mysql = context.scratch.facts.engine === 'mysql';
  if (/^PARTITION\s+BY\b/i.test(clause.text)) return `${head} ALGORITHM=COPY ${clause.text}`;
  if (!mysql || /^(TRUNCATE|EXCHANGE)\b/i.test(clause.text)) return `${head} ${clause.text}`;
  if (/^REMOVE\b/i.test(clause.text)) return `${head} ${clause.text}`;
  return `${head} ALGORITHM=${moves ? 'COPY, LOCK=SHARED' : 'INPLACE'}, ${clause.text}`;
}

function lintDrop(context: DraftContext, table: string, clause: Clause): void {
  if (context.made.has(table)) return;
  context.refuse({
    rule: 'DROP_PARTITION',
    table,
    clause: clause.text,
    reason: 'the rows of the partition are lost for good',
    remedy: 'Allow it by name once no one needs them',
    flag: `drop-partition:${table}.${clause.name ?? ''}`,
  });
}
