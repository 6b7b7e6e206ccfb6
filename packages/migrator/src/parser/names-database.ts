import { scan, type Token } from '@switchyard/mysql/internal';
import { unquote } from './parse-node.ts';
import { isMark } from './read-tables.ts';

/**
 * True where a statement names `database`, wherever that stands: before a table, a function, in the
 * body of a trigger. `x.y` is a column where the shard has a table `x`, or the statement names
 * something so; `x.y.z` never is.
 */
export function namesDatabase(sql: string, database: string, isTable: boolean): boolean {
  const { tokens, positions } = scan(sql, { positions: true });
  const own = tokens.flatMap((token, i) => {
    const text = unquote(sql.slice(positions[2 * i], positions[2 * i + 1]));
    return isName(token) && text.toLowerCase() === database.toLowerCase() ? [i] : [];
  });
  const first = own.filter((i) => !isMark(tokens[i - 1], '.'));
  const qualifies = first.filter((i) => isMark(tokens[i + 1], '.'));
  if (qualifies.some((i) => isMark(tokens[i + 3], '.'))) return true;
  return qualifies.length > 0 && !isTable && qualifies.length === first.length;
}

function isName(token: Token): boolean {
  return token.kind === 'name' || token.kind === 'word';
}
