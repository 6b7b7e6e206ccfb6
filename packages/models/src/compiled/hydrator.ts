import type { EntityMetadata } from 'typeorm';
import type { Driver } from 'typeorm/driver/Driver.js';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** Makes an entity of one row, given as values in the order of the statement's columns. */
export type Hydrate = (row: readonly unknown[]) => object;

/** Column types that TypeORM returns as the driver reads them. */
const AS_READ = new Set<unknown>([
  ...[String, 'varchar', 'char', 'text', 'tinytext', 'mediumtext', 'longtext', 'uuid'],
  ...['int', 'integer', 'smallint', 'tinyint', 'mediumint', 'bigint', 'decimal', 'numeric', 'dec'],
  ...['float', 'double', 'real', 'timestamp', 'year', 'binary', 'varbinary'],
  ...['blob', 'tinyblob', 'mediumblob', 'longblob'],
]);

/**
 * Generates straight-line code that does to a row what TypeORM's transformer does to it: the same
 * object, the same order of properties, the same conversions.
 * @param names the statement's columns, by the names that TypeORM gave them
 * @param nameOf the name that TypeORM gives a column of the entity
 */
export function makeHydrate(
  metadata: EntityMetadata,
  driver: Driver,
  names: readonly string[],
  nameOf: (column: ColumnMetadata) => string,
): Hydrate {
  const columns = metadata.columns.filter(
    (column) => !column.isVirtual && names.includes(nameOf(column)),
  );
  const lines = columns.map((column, i) => {
    const value = `row[${names.indexOf(nameOf(column))}]`;
    const converted = isAsRead(column) ? value : `hydrated(${value}, columns[${i}])`;
    if (column.embeddedMetadata !== undefined)
      return `columns[${i}].setEntityValue(e, ${converted});`;
    return `e[${JSON.stringify(column.propertyName)}] = ${converted};`;
  });
  const body = `return (row) => {\nconst e = create();\n${lines.join('\n')}\nreturn e;\n};`;
  const hydrated = (value: unknown, column: ColumnMetadata): unknown =>
    driver.prepareHydratedValue(value, column);

  const make = new Function('create', 'hydrated', 'columns', body) as (
    ...given: unknown[]
  ) => Hydrate;
  return make(creator(metadata), hydrated, columns);
}

function isAsRead({ type, transformer }: ColumnMetadata): boolean {
  return transformer === undefined && AS_READ.has(type);
}

/** As `EntityMetadata.create` does for an entity without lazy relations. */
function creator({ target, isAlwaysUsingConstructor }: EntityMetadata): () => object {
  if (typeof target !== 'function') return () => ({});
  if (isAlwaysUsingConstructor) return () => new (target as new () => object)();
  const prototype = target.prototype as object;
  return () => Object.create(prototype) as object;
}
