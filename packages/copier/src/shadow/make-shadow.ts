import type { Connection } from 'mysql2/promise';
import {
  escapeIdentifier,
  failureNumber,
  isConnectionLost,
  isGrantMissing,
} from '@switchyard/mysql/internal';
import { DefinitionRefusedError } from './copy-errors.ts';
import { TableNotCopyableError } from '../session/copier-errors.ts';
import { rowsOf, run } from '../session/queries.ts';
import { readTable } from '../table/read-table.ts';
import type { Column, TableDescription } from '../table/table.ts';
import type { TablePair } from '../apply/row-carrier.ts';
import { keyOnTarget } from '../apply/same-server-carrier.ts';
import type { NewDefinition } from '../copying/new-definition.ts';
import type { CopyNames } from '../table/copy-names.ts';

/**
 * Makes the empty shadow and the probe, anew where a killed run left a part of them. The clauses
 * run on the empty shadow: a mistake in them is found before anything is recorded.
 */
export async function makeShadow(
  session: Connection,
  names: CopyNames,
  definition: NewDefinition,
): Promise<void> {
  const [original, shadow, probe] = [names.original, names.shadow, names.probe].map(
    escapeIdentifier,
  );
  await run(session, `DROP TABLE IF EXISTS ${shadow}, ${probe}`);
  await run(session, `CREATE TABLE ${shadow} LIKE ${original}`);
  for (const clause of definition.alter) {
    try {
      await run(session, `ALTER TABLE ${shadow} ${clause}`);
    } catch (cause) {
      if (failureNumber(cause) === undefined || isConnectionLost(cause)) throw cause;
      if (isGrantMissing(cause)) throw cause; // it says nothing about the clauses
      throw new DefinitionRefusedError(names.original, cause);
    }
  }
  await run(session, `CREATE TABLE ${probe} LIKE ${shadow}`);
}

/**
 * Which column of the original fills which of the shadow.
 * @throws TableNotCopyableError where a row could not be carried exactly
 */
export async function pairWithShadow(
  session: Connection,
  source: TableDescription,
  { shadow, definition }: { shadow: string; definition: NewDefinition },
): Promise<TablePair> {
  const target = await readTable(session, shadow);
  const columns = source.columns.flatMap((from) => {
    const name = definition.renamed?.[from.name] ?? from.name;
    const to = target.columns.find((column) => sameName(column.name, name));
    return to === undefined || to.generated ? [] : [{ from, to }];
  });
  const pair: TablePair = { source, target, columns, where: undefined };
  refuseUnfilled(pair);
  await refuseWithoutKey(session, pair);
  return pair;
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** A new column without a default: the server's own ALTER would fill it with 0 or ''. */
function refuseUnfilled({ source, target, columns }: TablePair): void {
  const filled = new Set(columns.map(({ to }) => to.name));
  const empty = target.columns.find(
    (column: Column) => !filled.has(column.name) && !column.hasDefault,
  );
  if (empty === undefined) return;
  const reason = `nothing fills the new column ${empty.name}, which is NOT NULL without a default`;
  throw new TableNotCopyableError(source.name, reason, 'Give the new column a default');
}

/** The key finds rows of the shadow too: its columns must be there, first in an index. */
async function refuseWithoutKey(session: Connection, pair: TablePair): Promise<void> {
  const { source, target, columns } = pair;
  const lost = source.key.find(({ name }) => !columns.some(({ from }) => from.name === name));
  if (lost !== undefined) {
    const reason = `the new definition has no column for ${lost.name}, by which rows are found`;
    throw new TableNotCopyableError(source.name, reason, 'Keep the columns of the key');
  }
  const wanted = keyOnTarget(pair).names;
  const indexes = await rowsOf<{ columns: string }>(
    session,
    `SELECT GROUP_CONCAT(COLUMN_NAME ORDER BY SEQ_IN_INDEX SEPARATOR '\\0') AS columns
     FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?
     GROUP BY INDEX_NAME`,
    [target.name],
  );
  const found = indexes.some(({ columns: names }) => {
    const first = names.split('\0').slice(0, wanted.length);
    return wanted.every((name) => first.some((column) => sameName(column, name)));
  });
  if (found) return;
  const reason = `the new definition has no index that begins with ${wanted.join(', ')}`;
  throw new TableNotCopyableError(source.name, reason, 'Keep the index of the key');
}
