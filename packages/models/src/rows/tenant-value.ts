import type { Driver, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { ApplyValueTransformers } from 'typeorm/util/ApplyValueTransformers.js';

// A value has two forms: that of the property, which code and directory know, and that of the
// column, which a transformer may make of it. Tenants and ids travel as texts of the first.

/** Column types whose values are numbers in JavaScript (BIGINT is text). */
const NUMERIC = new Set<unknown>([Number, 'int', 'integer', 'smallint', 'mediumint', 'tinyint']);
const MOMENTS = new Set<unknown>([Date, 'datetime', 'timestamp']);
const BINARY = new Set<unknown>(['binary', 'varbinary', 'tinyblob', 'blob']);
const BOOLEAN = new Set<unknown>([Boolean, 'bool', 'boolean']);
/** Numbers whose values stay texts, as they may have a fraction, or are of few digits. */
const FRACTIONS = new Set<unknown>(
  'decimal dec numeric fixed float double real year'.split(' ').concat('double precision'),
);
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** A property's value as text, to be compared; undefined for none. */
export function textOf(column: ColumnMetadata, entity: ObjectLiteral): string | undefined {
  return asText(unwrapped(column, column.getEntityValue(entity)));
}

/** The property's value that a text stands for: the inverse of {@link textOf}. */
export function valueOf(column: ColumnMetadata, text: string): unknown {
  const typed = typedValueOf(column, text);
  if (column.transformer === undefined) return typed;
  // The type is the column's; of what the property holds, only the transformer knows.
  return [text, typed].find((value) => standsFor(column, value, text)) ?? text;
}

/** True for a value that comes back from the column as that text. */
function standsFor({ transformer }: ColumnMetadata, value: unknown, text: string): boolean {
  if (transformer === undefined) return false;
  try {
    const stored: unknown = ApplyValueTransformers.transformTo(transformer, value);
    return asText(ApplyValueTransformers.transformFrom(transformer, stored)) === text;
  } catch {
    return false;
  }
}

function typedValueOf(column: ColumnMetadata, text: string): unknown {
  if (BOOLEAN.has(column.type)) return text === 'true';
  if (column.type === 'bit') return Number.parseInt(text, 16); // read as bytes, compared as a number
  if (NUMERIC.has(column.type)) return Number(text);
  if (MOMENTS.has(column.type)) return new Date(text);
  return BINARY.has(column.type) ? Buffer.from(text, 'hex') : text;
}

/**
 * False for a text that is no value of the column. Asked for all the same, the server would make
 * one of it: `'4abc'` is 4 to MySQL, and `'abc'` is 0.
 */
export function isValueOf(column: ColumnMetadata, text: string): boolean {
  if (column.transformer !== undefined) return true;
  if (NUMERIC.has(column.type) || column.type === 'bigint') return /^-?\d+$/.test(text);
  if (BOOLEAN.has(column.type)) return text === 'true' || text === 'false';
  if (column.type === 'bit') return /^(?:[\da-f]{2}){1,6}$/i.test(text);
  if (FRACTIONS.has(column.type)) return NUMBER.test(text);
  if (MOMENTS.has(column.type)) return !Number.isNaN(Date.parse(text));
  return !BINARY.has(column.type) || /^(?:[\da-f]{2})*$/i.test(text);
}

/** A property's value in the form of the column, as TypeORM binds it; undefined for none. */
export function prepared(driver: Driver, column: ColumnMetadata, value: unknown): unknown {
  const plain = unwrapped(column, value);
  if (plain === undefined || plain === null) return undefined;
  return driver.preparePersistentValue(plain, column) as unknown;
}

/** A value of the column, as read, in the form of the property and as text. */
export function readText(
  driver: Driver,
  column: ColumnMetadata,
  value: unknown,
): string | undefined {
  if (value === undefined || value === null) return undefined;
  return asText(driver.prepareHydratedValue(value, column) as unknown);
}

/** A key of a key: `{ inquiry: { id: 5 } }` as the value of `inquiryId`. */
export function unwrapped(column: ColumnMetadata, value: unknown): unknown {
  if (column.referencedColumn === undefined || !isHolder(value)) return value;
  return unwrapped(column.referencedColumn, column.referencedColumn.getEntityValue(value));
}

function isHolder(value: unknown): value is ObjectLiteral {
  if (typeof value !== 'object' || value === null) return false;
  return !(value instanceof Date) && !(value instanceof Uint8Array);
}

/** One text for equal values: `5`, `'5'` and `5n` are one id. */
export function asText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Date) return value.toISOString();
  return String(value as string | number | bigint);
}
