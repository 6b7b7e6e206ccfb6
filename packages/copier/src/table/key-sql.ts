import { escapeIdentifier } from '@switchyard/mysql/internal';
import { boundValue, readSql, valueSql } from './column-sql.ts';
import type { Key } from '../session/raw-value.ts';
import type { Column } from './table.ts';

/** A condition with its bound values. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * A key's columns as they are called in one table, and the columns whose types the values have: a
 * key of the source finds rows of the target too.
 */
export interface KeyColumns {
  /** The columns of the table that is asked. */
  readonly names: readonly string[];
  /** The columns that the values were read from. */
  readonly read: readonly Column[];
}

/** A table's own key. */
export function keyColumns(key: readonly Column[]): KeyColumns {
  return { names: key.map(({ name }) => name), read: key };
}

/** Rows whose key is one of `keys`, by the server's types and collation. */
export function keyIn(columns: KeyColumns, keys: readonly Key[]): Condition {
  const { names, read } = columns;
  const values = keys.flatMap((key) => read.map((column, i) => boundValue(column, key[i] ?? null)));
  if (names.length === 1) {
    const places = keys.map(() => valueSql(read[0]!)).join(', ');
    return { sql: `${escapeIdentifier(names[0]!)} IN (${places})`, values };
  }
  // Not (a, b) IN (…): MariaDB reads the whole table for it.
  const one = `(${names.map((name, i) => `${escapeIdentifier(name)} = ${valueSql(read[i]!)}`).join(' AND ')})`;
  return { sql: `(${keys.map(() => one).join(' OR ')})`, values };
}

/** Rows after `key` in the key's order. */
export function keyAfter(columns: KeyColumns, key: Key): Condition {
  return compare(columns, key, '>', false);
}

/** Rows up to `key` in the key's order, its own included. */
export function keyUpTo(columns: KeyColumns, key: Key): Condition {
  return compare(columns, key, '<', true);
}

/**
 * (a > ?) OR (a = ? AND b > ?): the form that both servers answer from the index, where they read
 * the whole table for (a, b) > (?, ?).
 */
function compare(columns: KeyColumns, key: Key, sign: '<' | '>', orEqual: boolean): Condition {
  const { names, read } = columns;
  const parts: string[] = [];
  const values: unknown[] = [];
  for (const [i] of names.entries()) {
    const last = i === names.length - 1;
    const tests = names.slice(0, i + 1).map((name, j) => {
      const operator = j < i ? '=' : last && orEqual ? `${sign}=` : sign;
      values.push(boundValue(read[j]!, key[j] ?? null));
      return `${escapeIdentifier(name)} ${operator} ${valueSql(read[j]!)}`;
    });
    parts.push(`(${tests.join(' AND ')})`);
  }
  return { sql: `(${parts.join(' OR ')})`, values };
}

/** All of several conditions; true where there are none. */
export function allOf(conditions: readonly (Condition | undefined)[]): Condition {
  const given = conditions.filter((condition) => condition !== undefined);
  if (given.length === 0) return { sql: '1 = 1', values: [] };
  return {
    sql: given.map(({ sql }) => `(${sql})`).join(' AND '),
    values: given.flatMap(({ values }) => values),
  };
}

/** The columns of a key, for a select list: as raw values. */
export function keySelect(key: readonly Column[]): string {
  return key.map(readSql).join(', ');
}

/** The columns of a key, for ORDER BY. */
export function keyOrder(key: readonly Column[]): string {
  return key.map(({ name }) => escapeIdentifier(name)).join(', ');
}
