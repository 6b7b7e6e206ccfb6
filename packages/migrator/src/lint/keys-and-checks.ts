import { otherLines } from '../recording/definition.ts';
import { closingBracket, listItems } from '../recording/table-text.ts';

const NAME = '`(?:[^`]|``)+`';
const KEY = new RegExp(`^(PRIMARY|UNIQUE) KEY (?:${NAME} )?\\(`);
const CHECK = new RegExp(`^CONSTRAINT ${NAME} CHECK \\((.*)\\)$`);
const PART = new RegExp(`^(${NAME})(?:\\((\\d+)\\))?(?: (?:ASC|DESC))?$`);
const OF_COLUMN = /^(?:'(?:[^'\\]|''|\\.)*'|[^'])*? CHECK \((.*)\)$/;

/** One part of a key: a column, the first characters of one, or an expression. */
export interface KeyPart {
  /** Undefined for an expression. */
  readonly column: string | undefined;
  /** Length of a prefix. */
  readonly prefix: number | undefined;
  readonly text: string;
}

/** The keys of a `SHOW CREATE TABLE` that allow no duplicates. */
export function uniqueKeyParts(definition: string): KeyPart[][] {
  return otherLines(definition).flatMap((line) => {
    const head = KEY.exec(line)?.[0];
    if (head === undefined) return [];
    const list = line.slice(head.length, closingBracket(line, head.length - 1));
    return [listItems(list).map(readPart)];
  });
}

/** Columns of a table's primary key; empty where it has none. */
export function primaryKey(definition: string): string[] {
  const line = otherLines(definition).find((one) => one.startsWith('PRIMARY KEY'));
  if (line === undefined) return [];
  const open = line.indexOf('(');
  const list = line.slice(open + 1, closingBracket(line, open));
  return listItems(list).map((part) => readPart(part).column ?? part);
}

function readPart(text: string): KeyPart {
  const [, quoted, prefix] = PART.exec(text.trim()) ?? [];
  if (quoted === undefined) return { column: undefined, prefix: undefined, text: text.trim() };
  return {
    column: quoted.slice(1, -1).replaceAll('``', '`'),
    prefix: prefix === undefined ? undefined : Number(prefix),
    text: quoted,
  };
}

/** The conditions that a `SHOW CREATE TABLE` enforces on rows, of the table and of its columns. */
export function enforcedChecks(definition: string, columns: ReadonlyMap<string, string>): string[] {
  const ofTable = otherLines(definition).map((line) => CHECK.exec(line)?.[1]);
  const ofColumns = [...columns.values()].map((line) => OF_COLUMN.exec(line)?.[1]);
  return [...ofTable, ...ofColumns].filter((condition) => condition !== undefined);
}
