import type { Driver, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** Column types whose values are numbers in JavaScript (BIGINT is text). */
const NUMERIC = new Set<unknown>([Number, 'int', 'integer', 'smallint', 'mediumint', 'tinyint']);

/** A column's value of an object as it would be stored and compared: as text; undefined for none. */
export function storedText(
  driver: Driver,
  column: ColumnMetadata,
  entity: ObjectLiteral,
): string | undefined {
  return asText(prepared(driver, column, column.getEntityValue(entity)));
}

/** A value made ready for a statement's parameters, as TypeORM does for this column. */
export function prepared(driver: Driver, column: ColumnMetadata, value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  // A key of a key: `{ inquiry: { id: 5 } }` as the value of `inquiryId`.
  if (column.referencedColumn !== undefined && isPlainHolder(value)) {
    return prepared(driver, column.referencedColumn, column.referencedColumn.getEntityValue(value));
  }
  return driver.preparePersistentValue(value, column) as unknown;
}

function isPlainHolder(value: unknown): value is ObjectLiteral {
  return typeof value === 'object' && !(value instanceof Date) && !(value instanceof Uint8Array);
}

/** One text for equal stored values: `5`, `'5'` and `5n` are one id. */
export function asText(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (value instanceof Date) return value.toISOString();
  return String(value as string | number | bigint);
}

/** Writes the tenant into an object, in the type that its property has. */
export function stampTenant(
  driver: Driver,
  column: ColumnMetadata,
  entity: ObjectLiteral,
  tenant: string,
): void {
  const raw = NUMERIC.has(column.type) ? Number(tenant) : tenant;
  column.setEntityValue(entity, driver.prepareHydratedValue(raw, column) as unknown);
}
