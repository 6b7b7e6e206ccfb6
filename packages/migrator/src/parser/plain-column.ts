import { unquote } from './parse-node.ts';
import type { Statement } from './statement.ts';

const QUOTED_NAME = '`[\\w$]+`';
const NAME = `(?:${QUOTED_NAME}|[a-z_][\\w$]*)`;
const LENGTH = '\\s*\\(\\s*\\d+\\s*\\)';
const TYPE = [
  `(?:tinyint|smallint|mediumint|int|bigint)(?:${LENGTH})?(?:\\s+unsigned)?`,
  `(?:varchar|char|varbinary|binary)${LENGTH}`,
  `(?:datetime|timestamp)(?:${LENGTH})?`,
  `decimal\\s*\\(\\s*\\d+\\s*,\\s*\\d+\\s*\\)`,
  'date|double|float|boolean|json|tinytext|text|mediumtext|longtext',
].join('|');
const NULLABLE = '\\s+(?:not\\s+)?null';
const DEFAULT = "\\s+default\\s+(?:null|-?\\d+(?:\\.\\d+)?|'[\\w .:+/-]*')";
const DEFINITION = `(?:${TYPE})(?:${NULLABLE})?(?:${DEFAULT})?`;
const ADD = `add\\s+(?:column\\s+(?<word>${NAME})|(?<quoted>${QUOTED_NAME}))\\s+`;

const PLAIN = new RegExp(
  `^\\s*alter\\s+table\\s+(?<table>${NAME})\\s+(?<text>${ADD}(?<definition>${DEFINITION}))\\s*;?\\s*$`,
  'i',
);

/**
 * The commonest statement of all, one plain column at the end of a table, told without the grammar,
 * which takes a few hundred milliseconds to load and to warm up. It matches the whole text, from a
 * closed list of types and attributes, and answers what the grammar would; whatever else a statement
 * says makes it undefined, for the grammar to read.
 */
export function readPlainColumn(sql: string): Statement | undefined {
  const found = PLAIN.exec(sql)?.groups;
  if (found === undefined) return undefined;
  const { table = '', text = '', word, quoted = '', definition } = found;
  const clause = {
    kind: 'add-column',
    text,
    name: unquote(word ?? quoted),
    newName: undefined,
    definition,
    position: '',
    columns: undefined,
    references: undefined,
  } as const;
  return { kind: 'alter', table: unquote(table), clauses: [clause] };
}
