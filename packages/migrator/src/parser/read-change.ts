import type { Token } from '@switchyard/mysql/internal';
import { unquote } from './parse-node.ts';
import { isMark, isWord, scanStatement, type ScannedStatement } from './read-tables.ts';
import type { Statement } from './statement.ts';
import { SEVERAL, TOO_DEEP, UNREADABLE } from './unreadable.ts';

type Verb = Extract<Statement, { kind: 'data' }>['verb'];

const CHANGES = /^\s*(?:INSERT|REPLACE|UPDATE|DELETE|WITH)\b/i;

/**
 * A statement that changes rows, told from its tokens: which tables, and whether a LIMIT means that
 * it is to be run many times. Whether it is right SQL the server says, which runs it on empty tables.
 * Undefined for all other statements.
 */
export function readChange(sql: string): Statement | undefined {
  if (!CHANGES.test(sql)) return undefined;
  const scanned = scanStatement(sql);
  const verb = verbOf(scanned.tokens);
  if (verb === undefined) return undefined;
  if (!scanned.isOne) return SEVERAL;
  if (scanned.isTooDeep) return TOO_DEEP;
  // DELETE HISTORY removes old versions of rows, which no transaction brings back.
  if (isWord(scanned.tokens[1], 'HISTORY') || scanned.tables.length === 0) return UNREADABLE;
  return elsewhere(scanned) ?? changeOf(verb, scanned);
}

const VIEW =
  /^\s*CREATE\s+(OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?(?:DEFINER\s*=\s*\S+\s+)?(?:SQL\s+SECURITY\s+\w+\s+)?VIEW\s+(?:IF\s+NOT\s+EXISTS\s+)?(`(?:[^`]|``)+`|[\w$]+)(?=\s|\()/i;

/** A view that is made: its name, and that its query names no other database. */
export function readView(sql: string): Statement | undefined {
  const [head, replaces, name = ''] = VIEW.exec(sql) ?? [];
  if (head === undefined) return undefined;
  const scanned = scanStatement(sql.slice(head.length));
  if (!scanned.isOne) return SEVERAL;
  if (scanned.isTooDeep) return TOO_DEEP;
  const action = replaces === undefined ? 'create' : 'replace';
  return elsewhere(scanned) ?? { kind: 'object', action, object: 'view', name: unquote(name) };
}

function changeOf(verb: Verb, { tokens, tables }: ScannedStatement): Statement {
  const limited = tokens.some((token) => isWord(token, 'LIMIT'));
  return { kind: 'data', verb, tables: [...new Set(tables.map(({ table }) => table))], limited };
}

/** The first table of another database that a statement names. */
function elsewhere({ tables }: ScannedStatement): Statement | undefined {
  const database = tables.find((reference) => reference.database !== undefined)?.database;
  return database === undefined ? undefined : { kind: 'elsewhere', database };
}

function verbOf(tokens: readonly Token[]): Verb | undefined {
  const [first] = tokens;
  if (isWord(first, 'INSERT', 'REPLACE')) return selects(tokens) ? 'insert-select' : 'insert';
  if (isWord(first, 'UPDATE')) return 'update';
  if (isWord(first, 'DELETE')) return 'delete';
  let depth = 0;
  for (const token of tokens) {
    if (isMark(token, '(')) depth += 1;
    else if (isMark(token, ')')) depth -= 1;
    else if (depth === 0 && isWord(token, 'UPDATE')) return 'update';
    else if (depth === 0 && isWord(token, 'DELETE')) return 'delete';
    else if (depth === 0 && isWord(token, 'SELECT')) return undefined;
  }
  return undefined;
}

function selects(tokens: readonly Token[]): boolean {
  return tokens.some((token, i) => isWord(token, 'SELECT') || (i > 0 && isWord(token, 'TABLE')));
}
