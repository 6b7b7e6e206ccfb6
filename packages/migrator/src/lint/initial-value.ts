import { columnType, hasDate, type TableCharset } from './column-type.ts';

const GENERATED = /(?:GENERATED ALWAYS )?AS \((.*)\) (?:VIRTUAL|STORED|PERSISTENT)\b/i;
const DEFAULT = /\bDEFAULT ('(?:[^'\\]|''|\\.)*'|\((?:.*)\)(?= |$)|[\w.+-]+(?:\([^)]*\))?)/;

/** What the rows of a table have in a column that is added to it. */
export interface InitialValue {
  /** As an expression of SQL. */
  readonly sql: string;
  /**
   * Why rows that are there make a problem: `zero-date` where they would have `0000-00-00`, `none`
   * where the server knows no value for them. Undefined where there is none.
   */
  readonly problem: 'zero-date' | 'none' | undefined;
}

/** Reads it from the column's line in a `SHOW CREATE TABLE`. */
export function initialValue(line: string, table: TableCharset = {}): InitialValue {
  const type = columnType(line, table);
  const attributes = afterType(line);
  const generated = GENERATED.exec(attributes)?.[1];
  if (generated !== undefined) return { sql: `(${generated})`, problem: undefined };
  const given = DEFAULT.exec(attributes)?.[1];
  if (given !== undefined) return { sql: given, problem: undefined };
  if (type.nullable || type.autoIncrement) return { sql: 'NULL', problem: undefined };
  if (hasDate(type)) return { sql: 'NULL', problem: 'zero-date' };
  return implicit(type.family, type.values, type.name);
}

function implicit(family: string, values: readonly string[], name: string): InitialValue {
  const problem = undefined;
  if (name === 'time') return { sql: "'00:00:00'", problem };
  if (name === 'enum') return { sql: `'${(values[0] ?? '').replaceAll("'", "''")}'`, problem };
  if (['integer', 'decimal', 'float'].includes(family)) return { sql: '0', problem };
  if (name === 'json') return { sql: "'null'", problem };
  if (family === 'other') return { sql: 'NULL', problem: 'none' };
  return { sql: "''", problem };
}

function afterType(line: string): string {
  const type = /^[a-z]+(?:\((?:'(?:[^'\\]|''|\\.)*'|[^)'])*\))?/i.exec(line)?.[0] ?? '';
  return line.slice(type.length);
}
