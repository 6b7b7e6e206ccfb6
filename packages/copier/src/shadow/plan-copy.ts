import type { Connection } from 'mysql2/promise';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import { refuseStatementFormat } from '../key-log/install-log.ts';
import type { NewDefinition } from '../copying/new-definition.ts';
import { run } from '../session/queries.ts';
import { copyNames } from '../table/copy-names.ts';
import { readTable } from '../table/read-table.ts';
import { isBegun } from '../checkpoint/copy-state.ts';
import { makeShadow, pairWithShadow } from './make-shadow.ts';
import { refuseUncarried } from './refuse-uncarried.ts';

/**
 * Looks whether a table could be copied as it is now, without making anything: for a plan.
 * `copyTable` looks again.
 * @throws TableNotCopyableError, ChangeSourceUnusableError
 */
export async function checkTable(connection: Connection, table: string): Promise<void> {
  await readTable(connection, table);
  await refuseUncarried(connection, copyNames(table));
  await refuseStatementFormat(connection, table);
}

/**
 * Tries a new definition on an empty table that is like the real one, in a database where tables
 * may be made: for a plan. `look` sees the shadow while it is there. Leaves nothing behind.
 * @throws TableNotCopyableError, DefinitionRefusedError
 */
export async function tryDefinition<T>(
  connection: Connection,
  { table, definition }: { readonly table: string; readonly definition: NewDefinition },
  look: (shadow: string) => Promise<T>,
): Promise<T> {
  const source = await readTable(connection, table);
  const names = copyNames(table);
  try {
    await makeShadow(connection, names, definition);
    await pairWithShadow(connection, source, { shadow: names.shadow, definition });
    return await look(names.shadow);
  } finally {
    const [shadow, probe] = [names.shadow, names.probe].map(escapeIdentifier);
    await run(connection, `DROP TABLE IF EXISTS ${shadow}, ${probe}`);
  }
}

/** True where a copy of the table was begun and is not ended, or its remains are not removed. */
export function copyIsBegun(connection: Connection, table: string): Promise<boolean> {
  return isBegun(connection, copyNames(table).state);
}
