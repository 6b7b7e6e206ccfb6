import { createHash } from 'node:crypto';
import { escapeIdentifier, isServerError, ServerError } from '@switchyard/mysql/internal';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { meaningOf, parentOf, plainParts } from './table-meaning.ts';
import { outsideStrings, tableText, withoutCounter } from './table-text.ts';

const NOT_A_TABLE = [ServerError.ER_NO_SUCH_TABLE, ServerError.ER_WRONG_OBJECT];
/** MariaDB names the database of a sequence that a default draws from; on each shard it is its own. */
const DRAWS_FROM_SEQUENCE = /\b(?:next|last)val\(/;

/**
 * What `SHOW CREATE TABLE` says, without what changes by itself (the next AUTO_INCREMENT value), or
 * undefined where there is no such table. A view is no table. To make the table again; two of them
 * are compared by `sameDefinition` or `digestOf`, never as texts.
 */
export async function readDefinition(
  connection: Connection,
  table: string,
): Promise<string | undefined> {
  const quoted = escapeIdentifier(table);
  try {
    const [rows] = await connection.query<RowDataPacket[]>(`SHOW CREATE TABLE ${quoted}`);
    const text = (rows[0] as { 'Create Table'?: string } | undefined)?.['Create Table'];
    if (text === undefined) return undefined;
    const whole = withoutCounter(text.replaceAll('\r\n', '\n'));
    return DRAWS_FROM_SEQUENCE.test(whole) ? await withoutDatabase(connection, whole) : whole;
  } catch (error) {
    if (isServerError(error, ...NOT_A_TABLE)) return undefined;
    throw error;
  }
}

async function withoutDatabase(connection: Connection, text: string): Promise<string> {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT DATABASE() AS name');
  const own = `${escapeIdentifier(String(rows[0]?.['name']))}.`;
  const find = (call: string) => (plain: string) => plain.replaceAll(`${call}(${own}`, `${call}(`);
  return outsideStrings(outsideStrings(text, find('nextval')), find('lastval'));
}

/** The sequences that columns of a definition draw from. */
export function sequencesOf(definition: string): string[] {
  const names = new Set<string>();
  for (const line of columnLines(definition).values()) {
    outsideStrings(line, (plain) => {
      for (const [, name] of plain.matchAll(/\b(?:next|last)val\(`((?:[^`]|``)+)`\)/g)) {
        names.add((name ?? '').replaceAll('``', '`'));
      }
      return plain;
    });
  }
  return [...names];
}

/** True where both mean the same table, or where there is none on either side. */
export function sameDefinition(one: string | undefined, other: string | undefined): boolean {
  return digestOf(one) === digestOf(other);
}

/** Digest of what a definition means; undefined stays undefined. */
export function digestOf(definition: string | undefined): string | undefined {
  if (definition === undefined) return undefined;
  return createHash('sha256').update(meaningOf(definition)).digest('hex').slice(0, 32);
}

/** What a definition says of each column, by the column's name; texts with their collation. */
export function columnLines(definition: string): ReadonlyMap<string, string> {
  const text = tableText(definition);
  return text === undefined ? new Map() : plainParts(text).columns;
}

/** The lines of keys and constraints, without their comma. */
export function otherLines(definition: string): readonly string[] {
  const text = tableText(definition);
  return text === undefined ? [] : plainParts(text).others;
}

/** The tables that foreign keys of a definition refer to. */
export function parentsOf(definition: string): string[] {
  return otherLines(definition).flatMap((line) => parentOf(line) ?? []);
}

/** The storage engine in a definition: `InnoDB`. Empty where there is no table. */
export function engineOf(definition: string | undefined): string {
  const options = definition === undefined ? undefined : tableText(definition)?.options;
  return /(?:^| )ENGINE=(\w+)/.exec(options ?? '')?.[1] ?? '';
}
