import { alterClauses, referencedTables, textOf } from './alter-clauses.ts';
import { parseSql } from './mysql-grammar.ts';
import { findNode, findNodes, unquote, type ParseNode } from './parse-node.ts';
import { readPlainColumn } from './plain-column.ts';
import { readChange, readView } from './read-change.ts';
import { isTooDeep, scanStatement } from './read-tables.ts';
import { shadowNames, shadowText } from './shadow-text.ts';
import type { Clause, Statement } from './statement.ts';
import { SEVERAL, TOO_DEEP, UNREADABLE } from './unreadable.ts';

const READS = /^\s*(?:\(\s*)*(SELECT|SHOW|DESCRIBE|DESC|EXPLAIN|WITH|TABLE|VALUES)\b/i;
const TRANSACTIONS =
  /^\s*(START\s+TRANSACTION|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE\s+SAVEPOINT|SET\s+(SESSION\s+)?TRANSACTION)\b/i;
const TEMPORARY = /^\s*(?:CREATE\s+(?:OR\s+REPLACE\s+)?|DROP\s+)TEMPORARY\b/i;
const CHECKS =
  /^\s*SET\s+(?:SESSION\s+|LOCAL\s+|@@(?:SESSION\.)?)?FOREIGN_KEY_CHECKS\s*:?=\s*(0|1|ON|OFF)\s*;?\s*$/i;
const REPARTITION = /^ALTER\s+TABLE\s+(`(?:[^`]|``)+`|[\w$]+)\s+(PARTITION\s+BY\b.*)$/is;
const ROUTINE =
  /^\s*CREATE\s+(OR\s+REPLACE\s+)?(?:DEFINER\s*=\s*\S+\s+)?(TRIGGER|PROCEDURE|FUNCTION)\s+(?:IF\s+NOT\s+EXISTS\s+)?(`(?:[^`]|``)+`|[\w$]+)/i;

/**
 * What a statement is. Reads, transactions and session settings are told by their first words, and
 * a plain new column by its whole text, so that the parser is loaded only when there is something to
 * take apart.
 */
export function readStatement(sql: string): Statement {
  return (
    withoutParser(sql) ??
    readPlainColumn(sql) ??
    readChange(sql) ??
    readView(sql) ??
    readByGrammar(sql)
  );
}

/** What the grammar says a statement is, whatever its first words are. */
export function readByGrammar(sql: string): Statement {
  if (isTooDeep(sql)) return TOO_DEEP;
  const tree = treeOf(sql);
  if (tree === undefined) return repartition(sql) ?? UNREADABLE;
  const statements = tree.children.filter((child) => child.rule !== '');
  const only = statements.length === 1 ? statements[0] : undefined;
  if (only === undefined) return SEVERAL;
  const database = foreignDatabase(only, sql);
  if (database !== undefined) return { kind: 'elsewhere', database };
  for (const [rule, read] of Object.entries(READERS)) {
    const node = nodeNearTop(only, rule);
    if (node !== undefined) return read(node, sql);
  }
  return UNREADABLE;
}

/** A column may be called `type` or `reference`, which the grammar takes for keywords at first. */
function treeOf(sql: string): ParseNode | undefined {
  const shadow = shadowText(sql);
  return parseSql(shadow) ?? parseSql(shadowNames(shadow));
}

function withoutParser(sql: string): Statement | undefined {
  if (READS.test(sql) && !/^\s*WITH\b[\s\S]*\b(UPDATE|DELETE)\b/i.test(sql))
    return { kind: 'read' };
  if (TRANSACTIONS.test(sql)) return /;\s*\S/.test(sql) ? SEVERAL : { kind: 'transaction' };
  if (TEMPORARY.test(sql)) return SHORT_LIVED;
  const checks = CHECKS.exec(sql)?.[1];
  if (checks !== undefined) {
    return { kind: 'foreign-key-checks', on: checks === '1' || checks.toUpperCase() === 'ON' };
  }
  const routine = ROUTINE.exec(sql);
  return routine === null ? undefined : routineStatement(routine, sql.slice(routine[0].length));
}

function routineStatement(found: RegExpExecArray, rest: string): Statement {
  if (/^\s*\./.test(rest)) return { kind: 'elsewhere', database: unquote(found[3] ?? '') };
  // Its body may name tables of another database, which no shard is to change.
  const database = scanStatement(rest).tables.find((table) => table.database)?.database;
  if (database !== undefined) return { kind: 'elsewhere', database };
  const object = (found[2] ?? '').toLowerCase() as 'trigger' | 'procedure' | 'function';
  const action = found[1] === undefined ? 'create' : 'replace';
  return { kind: 'object', action, object, name: unquote(found[3] ?? '') };
}

type Reader = (node: ParseNode, sql: string) => Statement;

const READERS: Readonly<Record<string, Reader>> = {
  AlterTable: readAlter,
  CreateIndex: readCreateIndex,
  DropIndex: readDropIndex,
  ColumnCreateTable: (node, sql) => ({
    kind: 'create-table',
    table: firstName(node, 'TableNameCreate', sql),
    references: referencedTables(node, sql),
  }),
  CopyCreateTable: (node, sql) => ({
    kind: 'create-table',
    table: firstName(node, 'TableNameCreate', sql),
    references: [firstName(node, 'TableName', sql)],
  }),
  QueryCreateTable: () => FILLED,
  DropTable: (node, sql) => ({ kind: 'drop-table', tables: namesOf(node, 'TableName', sql) }),
  RenameTable: (node, sql) => ({
    kind: 'rename-table',
    renames: findNodes(node, 'RenameTableClause').map((clause) => ({
      from: firstName(clause, 'TableName', sql),
      to: firstName(clause, 'TableNameCreate', sql),
    })),
  }),
  TruncateTable: (node, sql) => ({ kind: 'truncate', table: firstName(node, 'TableName', sql) }),
  CreateView: (node, sql) => ({
    kind: 'object',
    action: findNode(node, 'OrReplace') === undefined ? 'create' : 'replace',
    object: 'view',
    name: firstName(node, 'ViewNameCreate', sql),
  }),
  DropView: (node, sql) => {
    const [name = '', second] = namesOf(node, 'ViewName', sql);
    return second === undefined ? dropped('view', name) : SEVERAL_VIEWS;
  },
  DropTrigger: (node, sql) => droppedByFullId('trigger', node, sql),
  DropProcedure: (node, sql) => droppedByFullId('procedure', node, sql),
  DropFunction: (node, sql) => droppedByFullId('function', node, sql),
};

function readAlter(node: ParseNode, sql: string): Statement {
  const clauses = alterClauses(node, sql);
  if (!Array.isArray(clauses))
    return { ...UNREADABLE, reason: `${UNREADABLE.reason}: ${clauses.unknown}` };
  if (clauses.length === 0) return UNREADABLE;
  return { kind: 'alter', table: firstName(node, 'TableName', sql), clauses };
}

/** As a clause of ALTER TABLE: one way to send an index, whatever way it was written. */
function readCreateIndex(node: ParseNode, sql: string): Statement {
  const list = findNode(node, 'IndexColumnNames');
  const table = findNode(node, 'TableName');
  const category = /^CREATE\s+(UNIQUE|FULLTEXT|SPATIAL)\b/i.exec(sql.slice(node.start))?.[1] ?? '';
  if (list === undefined || table === undefined) return UNREADABLE;
  const head = sql.slice(node.start, table.start).replace(/\s+ON\s*$/i, '');
  const rest = textOf({ ...node, start: table.end }, sql)
    .replace(OWN_CHOICE, '')
    .trim();
  const text = `${head.replace(/^CREATE\b/i, 'ADD')} ${rest}`;
  const kind = INDEX_KINDS[category.toUpperCase()] ?? 'add-index';
  const tree = treeOf(`ALTER TABLE t ${text}`);
  const alter = tree === undefined ? undefined : findNode(tree, 'AlterTable');
  const clauses = alter === undefined ? [] : alterClauses(alter, `ALTER TABLE t ${text}`);
  const clause: Clause | undefined = Array.isArray(clauses) ? clauses[0] : undefined;
  if (clause === undefined) return UNREADABLE;
  return { kind: 'alter', table: unquote(textOf(table, sql)), clauses: [{ ...clause, kind }] };
}

const OWN_CHOICE =
  /\s*\b(?:ALGORITHM|LOCK)\s*=?\s*(?:DEFAULT|INPLACE|COPY|NOCOPY|INSTANT|NONE|SHARED|EXCLUSIVE)\b/gi;
const INDEX_KINDS: Readonly<Record<string, Clause['kind']>> = {
  UNIQUE: 'add-unique',
  FULLTEXT: 'add-special-index',
  SPATIAL: 'add-special-index',
};

function readDropIndex(node: ParseNode, sql: string): Statement {
  const name = findNode(node, 'IndexName');
  if (name === undefined) return UNREADABLE;
  const clause = emptyDropIndex(textOf(name, sql));
  return { kind: 'alter', table: firstName(node, 'TableName', sql), clauses: [clause] };
}

function emptyDropIndex(name: string): Clause {
  return {
    kind: /^`?PRIMARY`?$/i.test(name) ? 'drop-primary-key' : 'drop-index',
    text: `DROP INDEX ${name}`,
    name: unquote(name),
    newName: undefined,
    definition: undefined,
    position: '',
    columns: undefined,
    references: undefined,
  };
}

/** The grammar does not know this one form; its first words say enough. */
function repartition(sql: string): Statement | undefined {
  const found = REPARTITION.exec(sql.trim().replace(/;$/, ''));
  if (found === null) return undefined;
  const clause = { ...emptyDropIndex('x'), kind: 'partition-move', text: found[2] ?? '' } as const;
  return {
    kind: 'alter',
    table: unquote(found[1] ?? ''),
    clauses: [{ ...clause, name: undefined }],
  };
}

function droppedByFullId(
  object: 'trigger' | 'procedure' | 'function',
  node: ParseNode,
  sql: string,
): Statement {
  const id = findNode(node, 'FullId');
  const text = id === undefined ? '' : textOf(id, sql);
  const database = /^(`(?:[^`]|``)+`|[^`.\s]+)\s*\./.exec(text)?.[1];
  if (database !== undefined) return { kind: 'elsewhere', database: unquote(database) };
  return dropped(object, unquote(text));
}

function dropped(object: 'view' | 'trigger' | 'procedure' | 'function', name: string): Statement {
  return { kind: 'object', action: 'drop', object, name };
}

function firstName(node: ParseNode, rule: string, sql: string): string {
  return namesOf(node, rule, sql)[0] ?? '';
}

function namesOf(node: ParseNode, rule: string, sql: string): string[] {
  return findNodes(node, rule).map((name) => unquote(textOf(name, sql)));
}

/** A name with a database in it: `other`.`account`. Columns are not looked at. */
function foreignDatabase(node: ParseNode, sql: string): string | undefined {
  const names = [...TABLE_NAMES].flatMap((rule) => findNodes(node, rule));
  const qualified = names.find((name) => findNode(name, 'DottedId') !== undefined);
  const database = qualified === undefined ? undefined : findNode(qualified, 'Uid');
  return database === undefined ? undefined : unquote(textOf(database, sql));
}

const TABLE_NAMES = ['TableName', 'TableNameCreate', 'ViewName', 'ViewNameCreate'] as const;

/** The statement itself, not one inside of a trigger's body. */
function nodeNearTop(node: ParseNode, rule: string, depth = 4): ParseNode | undefined {
  if (node.rule === rule) return node;
  if (depth === 0) return undefined;
  for (const child of node.children) {
    const found = nodeNearTop(child, rule, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

const SEVERAL_VIEWS = {
  kind: 'unreadable',
  reason: 'several views in one statement may be there on a shard in part',
  remedy: 'Drop one view per statement',
} as const;

const SHORT_LIVED = {
  kind: 'unreadable',
  reason: 'a temporary table ends with its connection, and a run that is resumed has another one',
  remedy: 'Use an ordinary table and drop it at the end',
} as const;

const FILLED = {
  kind: 'unreadable',
  reason: 'CREATE TABLE … SELECT copies rows in one statement and cannot be resumed',
  remedy: 'Create the table first and fill it by a job of your own, in ranges of the key',
} as const;
