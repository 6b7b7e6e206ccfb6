import { scan, type Token } from '@switchyard/mysql/internal';
import { unquote } from '../parser/parse-node.ts';
import { isMark, isWord } from '../parser/read-tables.ts';

/** Where TypeORM notes the texts of views and generated columns, each with its database. */
export const METADATA_TABLE = 'typeorm_metadata';

/** A statement with the values for its question marks. */
interface Sent {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

const CHANGE =
  /^\s*(?:(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO|UPDATE|DELETE\s+FROM)\s+((?:`(?:[^`]|``)+`|[\w$]+)\s*\.\s*)?`?typeorm_metadata`?(?![\w$`.])/i;

/**
 * `migration:generate` writes the name of the database that it looked at before `typeorm_metadata`
 * and as the `schema` of its rows. In both places the shard's own is meant: the first is left out,
 * and `database` is put for the second. All other statements are answered as they are.
 */
export function forDatabase(sent: Sent, database: string): Sent {
  const [head, qualifier] = CHANGE.exec(sent.sql) ?? [];
  if (head === undefined) return sent;
  const bare = head.replace(qualifier ?? '', '') + sent.sql.slice(head.length);
  const { tokens, positions } = scan(bare, { positions: true });
  const textOf = (i: number) => bare.slice(positions[2 * i], positions[2 * i + 1]);
  const values = isWord(tokens[0], 'INSERT', 'REPLACE')
    ? insertedSchemas(tokens, textOf)
    : comparedSchemas(tokens, textOf);
  let sql = bare;
  const parameters = [...sent.parameters];
  for (const at of values.reverse()) {
    if (tokens[at]?.kind === 'text') {
      sql = `${sql.slice(0, positions[2 * at])}'${database}'${sql.slice(positions[2 * at + 1])}`;
    } else if (isMark(tokens[at], '?')) {
      parameters[tokens.slice(0, at).filter((token) => isMark(token, '?')).length] = database;
    }
  }
  return { sql, parameters };
}

type TextOf = (index: number) => string;

/** Where the values for column `schema` stand in the rows of an INSERT. */
function insertedSchemas(tokens: readonly Token[], textOf: TextOf): number[] {
  const opens = tokens.findIndex((token) => isMark(token, '('));
  const closes = tokens.findIndex((token) => isMark(token, ')'));
  const columns = tokens.flatMap((token, i) =>
    i > opens && i < closes && !isMark(token, ',') ? [unquote(textOf(i))] : [],
  );
  const wanted = columns.indexOf('schema');
  const found: number[] = [];
  let depth = 0;
  let column = 0;
  for (let at = closes + 1; at < tokens.length; at += 1) {
    if (isMark(tokens[at], '(') && (depth += 1) === 1) column = 0;
    else if (isMark(tokens[at], ')')) depth -= 1;
    else if (isMark(tokens[at], ',') && depth === 1) column += 1;
    else if (depth === 1 && column === wanted) found.push(at);
  }
  return found;
}

/** Where the values stand that column `schema` is compared with or set to. */
function comparedSchemas(tokens: readonly Token[], textOf: TextOf): number[] {
  return tokens.flatMap((token, i) => {
    const isColumn = (token.kind === 'name' || token.kind === 'word') && isMark(tokens[i + 1], '=');
    return isColumn && unquote(textOf(i)).toLowerCase() === 'schema' ? [i + 2] : [];
  });
}
