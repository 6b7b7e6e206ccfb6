import { createHash } from 'node:crypto';
import { escapeIdentifier, isServerError, ServerError } from '@switchyard/mysql/internal';
import type { Connection, RowDataPacket } from 'mysql2/promise';

const NOT_A_TABLE = [ServerError.ER_NO_SUCH_TABLE, ServerError.ER_WRONG_OBJECT];

/**
 * What `SHOW CREATE TABLE` says, without what changes by itself (the next AUTO_INCREMENT value), or
 * undefined where there is no such table. A view is no table.
 */
export async function readDefinition(
  connection: Connection,
  table: string,
): Promise<string | undefined> {
  const quoted = escapeIdentifier(table);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(`SHOW CREATE TABLE ${quoted}`);
    const text = (rows[0] as { 'Create Table'?: string } | undefined)?.['Create Table'];
    return text === undefined ? undefined : normalised(text);
  } catch (error) {
    if (isServerError(error, ...NOT_A_TABLE)) return undefined;
    throw error;
  }
}

/** Digest of a definition; undefined stays undefined. */
export function digestOf(definition: string | undefined): string | undefined {
  if (definition === undefined) return undefined;
  return createHash('sha256').update(definition).digest('hex').slice(0, 32);
}

/** The lines of a definition that name columns, by the column's name. */
export function columnLines(definition: string): Map<string, string> {
  const lines = new Map<string, string>();
  for (const line of definition.split('\n')) {
    const found = /^\s+`((?:[^`]|``)+)` (.*?),?$/.exec(line);
    if (found !== null) lines.set((found[1] ?? '').replaceAll('``', '`'), found[2] ?? '');
  }
  return lines;
}

/** The lines of keys and constraints, without their comma. */
export function otherLines(definition: string): string[] {
  return definition
    .split('\n')
    .filter((line) => /^\s+[A-Z]/.test(line))
    .map((line) => line.trim().replace(/,$/, ''));
}

/** Columns of the keys of a definition that allow no duplicates, where they are plain columns. */
export function uniqueKeys(definition: string): string[][] {
  return otherLines(definition).flatMap((line) => {
    const list = /^(?:PRIMARY|UNIQUE) KEY .*?\((`[^()]*)\)/.exec(line)?.[1];
    if (list === undefined) return [];
    return [
      [...list.matchAll(/`((?:[^`]|``)+)`/g)].map(([, name]) => (name ?? '').replaceAll('``', '`')),
    ];
  });
}

function normalised(text: string): string {
  return text.replace(/ AUTO_INCREMENT=\d+(?=[^\n]*$)/, '').replaceAll('\r\n', '\n');
}

/** The storage engine in a definition: `InnoDB`. Empty where there is no table. */
export function engineOf(definition: string | undefined): string {
  return /^\) ENGINE=(\w+)/m.exec(definition ?? '')?.[1] ?? '';
}
