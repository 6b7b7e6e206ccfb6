import { findNode, findNodes, unquote, type ParseNode } from './parse-node.ts';
import type { Clause, ClauseKind } from './statement.ts';

/** What the grammar calls a clause → what we call it. Clauses that are not here are refused. */
const KINDS: Readonly<Record<string, ClauseKind>> = {
  AlterByAddColumn: 'add-column',
  AlterByDropColumn: 'drop-column',
  AlterByModifyColumn: 'modify-column',
  AlterByChangeColumn: 'rename-column',
  AlterByRenameColumn: 'rename-column',
  AlterByAlterColumnDefault: 'column-default',
  AlterByAddIndex: 'add-index',
  AlterByAddUniqueKey: 'add-unique',
  AlterByAddSpecialIndex: 'add-special-index',
  AlterByAddPrimaryKey: 'add-primary-key',
  AlterByDropPrimaryKey: 'drop-primary-key',
  AlterByDropIndex: 'drop-index',
  AlterByRenameIndex: 'rename-index',
  AlterByAlterIndexVisibility: 'alter-index',
  AlterByAddForeignKey: 'add-foreign-key',
  AlterByDropForeignKey: 'drop-foreign-key',
  AlterByAddCheckTableConstraint: 'add-check',
  AlterByDropConstraintCheck: 'drop-constraint',
  AlterByAlterCheckTableConstraint: 'alter-check',
  AlterByRename: 'rename-table',
  AlterByConvertCharset: 'convert-charset',
  AlterByDefaultCharset: 'table-option',
  AlterByTableOption: 'table-option',
  AlterByForce: 'rebuild',
};

/** Partition clauses by what they cost: the server's own ALGORITHM clause is no guard for them. */
const PARTITION_KINDS: Readonly<Record<string, ClauseKind>> = {
  AlterByAddPartition: 'partition',
  AlterByDropPartition: 'drop-partition',
  AlterByTruncatePartition: 'drop-partition',
  AlterByExchangePartition: 'drop-partition',
  AlterByCoalescePartition: 'partition-move',
  AlterByReorganizePartition: 'partition-move',
  AlterByRebuildPartition: 'partition-move',
  AlterByRemovePartitioning: 'partition-move',
};

/** `ALGORITHM` and `LOCK` of the migration: ours are sent instead. */
const OWN_CHOICE = new Set(['AlterBySetAlgorithm', 'AlterByLock']);

/** The clauses of an ALTER TABLE, or the text of the first one that cannot be handled. */
export function alterClauses(alter: ParseNode, sql: string): Clause[] | { unknown: string } {
  const clauses: Clause[] = [];
  for (const node of alter.children.filter(isClause)) {
    if (OWN_CHOICE.has(node.rule)) continue;
    const read = readClause(node, sql);
    if (read === undefined) return { unknown: textOf(node, sql) };
    clauses.push(...read);
  }
  return clauses;
}

function isClause(node: ParseNode): boolean {
  return node.rule.startsWith('Alter');
}

function readClause(node: ParseNode, sql: string): Clause[] | undefined {
  if (node.rule === 'AlterByAddColumns') return addColumns(node, sql);
  if (node.rule.startsWith('AlterPartition')) return partitionClause(node, sql);
  const kind = KINDS[node.rule];
  if (kind === undefined) return undefined;
  const definition = findNode(node, 'ColumnDefinition');
  return [
    {
      ...emptyClause(kind, textOf(node, sql)),
      ...namesOf(node, kind, sql),
      definition: definition === undefined ? undefined : textOf(definition, sql),
      position: definition === undefined ? '' : sql.slice(definition.end, node.end).trim(),
      columns: indexColumns(node, sql),
      references: references(node, sql),
    },
  ].map(withoutFalseRename);
}

/** `CHANGE a a …` is how TypeORM says MODIFY; `ENGINE=InnoDB` is how people say FORCE. */
function withoutFalseRename(clause: Clause): Clause {
  if (clause.kind === 'rename-column' && clause.name === clause.newName) {
    return { ...clause, kind: 'modify-column', newName: undefined };
  }
  if (clause.kind === 'table-option' && /^ENGINE\s*=?\s*InnoDB$/i.test(clause.text)) {
    return { ...clause, kind: 'rebuild' };
  }
  return clause;
}

function addColumns(node: ParseNode, sql: string): Clause[] {
  const names = node.children.filter((child) => child.rule === 'ColumnName');
  const definitions = node.children.filter((child) => child.rule === 'ColumnDefinition');
  return definitions.map((definition, i) => {
    const name = textOf(names[i] ?? definition, sql);
    const text = `ADD COLUMN ${name} ${textOf(definition, sql)}`;
    const type = textOf(definition, sql);
    return { ...emptyClause('add-column', text), name: unquote(name), definition: type };
  });
}

function partitionClause(node: ParseNode, sql: string): Clause[] | undefined {
  const inner = node.rule === 'AlterPartition' ? node.children[0] : node;
  const kind = PARTITION_KINDS[inner?.rule ?? ''];
  if (inner === undefined || kind === undefined) return undefined;
  const name = findNode(inner, 'PartitionName');
  const named = name === undefined ? undefined : unquote(textOf(name, sql));
  return [{ ...emptyClause(kind, textOf(node, sql)), name: named }];
}

function namesOf(node: ParseNode, kind: ClauseKind, sql: string): Pick<Clause, 'name' | 'newName'> {
  const own = node.children.filter((child) => NAMES.has(child.rule));
  const symbol = findNode(node, 'ConstraintSymbol');
  const inner = symbol === undefined ? undefined : findNode(symbol, 'Uid');
  const [first, second] = (own.length > 0 ? own : inner === undefined ? [] : [inner]).map((name) =>
    unquote(textOf(name, sql)),
  );
  const renames = kind === 'rename-column' || kind === 'rename-index';
  return { name: first, newName: renames ? second : undefined };
}

const NAMES = new Set([
  'ColumnName',
  'ColumnNameCreate',
  'IndexName',
  'IndexNameCreate',
  'TableNameCreate',
  'TableName',
  'Uid',
]);

/** Undefined where a part is an expression: then the data cannot be asked by column. */
function indexColumns(node: ParseNode, sql: string): string[] | undefined {
  const list = node.children.find((child) => child.rule === 'IndexColumnNames');
  if (list === undefined) return undefined;
  const parts = list.children.filter((child) => child.rule === 'IndexColumnName');
  if (parts.some((part) => part.children.some((c) => c.rule !== '' && c.rule !== 'Uid'))) {
    return undefined;
  }
  return parts.map((part) => unquote(textOf(findNode(part, 'Uid') ?? part, sql)));
}

function references(node: ParseNode, sql: string): Clause['references'] {
  const reference = findNode(node, 'ReferenceDefinition');
  const table = reference === undefined ? undefined : findNode(reference, 'TableName');
  if (reference === undefined || table === undefined) return undefined;
  return { table: unquote(textOf(table, sql)), columns: indexColumns(reference, sql) ?? [] };
}

/** The tables that any foreign key in `node` refers to. */
export function referencedTables(node: ParseNode, sql: string): string[] {
  return findNodes(node, 'ReferenceDefinition').flatMap((reference) => {
    const table = findNode(reference, 'TableName');
    return table === undefined ? [] : [unquote(textOf(table, sql))];
  });
}

function emptyClause(kind: ClauseKind, text: string): Clause {
  return {
    kind,
    text,
    name: undefined,
    newName: undefined,
    definition: undefined,
    position: '',
    columns: undefined,
    references: undefined,
  };
}

/** The text that `node` covers. */
export function textOf(node: ParseNode, sql: string): string {
  return sql.slice(node.start, node.end).trim();
}
