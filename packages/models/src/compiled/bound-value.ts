import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

const INTEGERS = new Set<unknown>([
  ...['int', 'integer', 'smallint', 'tinyint', 'mediumint', 'bigint', 'bool', 'boolean'],
  ...[Number, Boolean],
]);
const TEXTS = new Set<unknown>([
  ...[String, 'varchar', 'char', 'text', 'tinytext', 'mediumtext', 'longtext'],
]);
const WHOLE_NUMBER = /^-?\d{1,20}$/;

/** Gives a value as it is bound in a prepared statement; undefined where it is sent as text. */
export type Binder = (value: unknown) => string | undefined;

/**
 * How the values of a column are bound in a prepared statement, so that the server compares as with
 * a value in the text. mysql2 sends every number as a DOUBLE, which compares otherwise with a text
 * or a DECIMAL; and MySQL refuses `'abc'` in the text beside a DATETIME, but not as a parameter. So
 * only texts beside text columns and whole numbers beside integer columns are bound, as texts.
 */
export function binderOf({ type }: ColumnMetadata): Binder {
  if (TEXTS.has(type)) return text;
  return INTEGERS.has(type) ? wholeNumber : neverBound;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function wholeNumber(value: unknown): string | undefined {
  if (typeof value === 'string') return WHOLE_NUMBER.test(value) ? value : undefined;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'boolean') return value ? '1' : '0';
  return undefined;
}

function neverBound(): undefined {
  return undefined;
}
