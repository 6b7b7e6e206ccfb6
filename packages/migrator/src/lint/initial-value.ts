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
  /** True for a DEFAULT or a generated value, which serves every later INSERT as well. */
  readonly given: boolean;
}

/** Reads it from the column's line in a `SHOW CREATE TABLE`. */
export function initialValue(line: string, table: TableCharset = {}): InitialValue {
  const type = columnType(line, table);
  const attributes = afterType(line);
  const generated = GENERATED.exec(attributes)?.[1];
  if (generated !== undefined) return { sql: `(${generated})`, problem: undefined, given: true };
  const given = DEFAULT.exec(attributes)?.[1];
  if (given !== undefined) return { sql: given, problem: undefined, given: true };
  if (type.nullable || type.autoIncrement) return { sql: 'NULL', problem: undefined, given: false };
  if (hasDate(type)) return { sql: 'NULL', problem: 'zero-date', given: false };
  return implicit(type.family, type.values, type.name);
}

function implicit(family: string, values: readonly string[], name: string): InitialValue {
  const begins = (sql: string) => ({ sql, problem: undefined, given: false });
  if (name === 'time') return begins("'00:00:00'");
  if (name === 'enum') return begins(`'${(values[0] ?? '').replaceAll("'", "''")}'`);
  if (['integer', 'decimal', 'float'].includes(family)) return begins('0');
  if (name === 'json') return begins("'null'");
  if (family === 'other') return { sql: 'NULL', problem: 'none', given: false };
  return begins("''");
}

function afterType(line: string): string {
  const type = /^[a-z]+(?:\((?:'(?:[^'\\]|''|\\.)*'|[^)'])*\))?/i.exec(line)?.[0] ?? '';
  return line.slice(type.length);
}
