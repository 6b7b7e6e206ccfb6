import type { TenantNameLimit, TenantNames } from '@switchyard/shard-context';
import type { Driver, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { DeclarationInvalidError } from './declaration-errors.ts';
import { declarationOf } from './declare.ts';

/** The column that names the tenant of an entity's rows. */
export interface TenantColumn {
  readonly metadata: EntityMetadata;
  readonly column: ColumnMetadata;
}

/** The tenant columns of all entities; of those that a relation leads to, the owner's. */
export function tenantColumnsOf(metadatas: readonly EntityMetadata[]): TenantColumn[] {
  return metadatas.flatMap((metadata) => {
    const declaration = declarationOf(metadata);
    if (declaration?.domain !== 'sharded' || typeof declaration.tenant !== 'string') return [];
    const column = metadata.findColumnWithPropertyPath(declaration.tenant);
    return column === undefined ? [] : [{ metadata, column }];
  });
}

/**
 * Refuses tenant columns that take two names of the fleet for one, and narrows the fleet's names to
 * those that every column can keep. The server's own word on a collation that no entity declares is
 * asked for by `adopt`.
 * @throws DeclarationInvalidError
 */
export function fitNamesToColumns(
  metadatas: readonly EntityMetadata[],
  names: TenantNames,
  driver: Driver,
): void {
  const columns = tenantColumnsOf(metadatas);
  const limits = columns.map((at) => {
    const problem = collationProblem(at.column, names);
    if (problem !== undefined) throw new DeclarationInvalidError(at.metadata.name, problem);
    return limitOf(at, driver);
  });
  for (const limit of limits) if (limit !== undefined) names.narrow(limit);
}

/**
 * Collations under which two names of small letters, digits and `. _ : -` are one, of all that
 * MySQL 9.7 and MariaDB 10.11 have: tried with every name of up to three of these characters.
 */
const MERGING =
  /lithuanian|_lt_0900_ai_|_lv_0900_ai_|roman|_la_0900_ai_|_hu_0900_ai_|^macce_general_/;

/** Why a collation takes two names of the fleet for one; undefined where it does not. */
export function problemOfCollation(collation: string, names: TenantNames): string | undefined {
  if (names.anyCharacter) {
    if (/^utf8(mb3|mb4)?_(\w+_)?bin$/.test(collation)) return undefined;
    return `its collation ${collation} takes some names for one: the fleet allows any character`;
  }
  if (!MERGING.test(collation) || collation.endsWith('_bin')) return undefined;
  return `its collation ${collation} takes some names for one, such as "i" and "y"`;
}

function collationProblem(column: ColumnMetadata, names: TenantNames): string | undefined {
  const { collation } = column;
  if (collation !== undefined) {
    const problem = problemOfCollation(collation, names);
    return problem === undefined ? undefined : `of its tenant column: ${problem}`;
  }
  if (!names.anyCharacter) return undefined;
  const path = column.propertyPath;
  return `its tenant column ${path} declares no collation that ends in _bin, and the fleet allows any character in the names of tenants`;
}

/** Digits of which every number fits. */
const DIGITS: Readonly<Record<string, number>> = {
  tinyint: 2,
  smallint: 4,
  mediumint: 6,
  int: 9,
  bigint: 18,
};
const TEXT = new Set(['char', 'varchar', 'nchar', 'nvarchar', 'national char', 'national varchar']);
const LONG_TEXT = new Set(['tinytext', 'text', 'mediumtext', 'longtext']);
/** Kept as text, but of another one than the name. */
const ENCODED = new Set<unknown>(['json', 'simple-json', 'simple-array']);
const LONGEST = 255;

/**
 * What the column can keep of names; undefined where its transformer makes something else of them.
 * @throws DeclarationInvalidError for a type whose values have several texts, or lose some
 */
function limitOf({ metadata, column }: TenantColumn, driver: Driver): TenantNameLimit | undefined {
  if (column.transformer !== undefined) return undefined;
  const type = ENCODED.has(column.type) ? String(column.type) : driver.normalizeType(column);
  const name = `${metadata.name}.${column.propertyPath} (${type})`;
  const length = Number(driver.getColumnLength(column)) || LONGEST;
  if (TEXT.has(type)) return { maxLength: length, column: name };
  if (LONG_TEXT.has(type)) return { maxLength: LONGEST, column: name };
  if (type === 'uuid') return { form: 'uuid', maxLength: 36, column: name };
  if (type === 'varbinary') return { form: 'hex', maxLength: 2 * length, column: name };
  if (type === 'binary') {
    const bytes = Number(column.length) || 1;
    return { form: 'hex', maxLength: 2 * bytes, minLength: 2 * bytes, column: name };
  }
  const digits = isBoolean(column) ? undefined : digitsOf(type, column);
  if (digits !== undefined) return { form: 'number', maxLength: digits, column: name };
  const reason = `its tenant column ${column.propertyPath} is ${type}, in which one name could have several texts`;
  throw new DeclarationInvalidError(metadata.name, reason);
}

function digitsOf(type: string, { scale, precision }: ColumnMetadata): number | undefined {
  if (type !== 'decimal' && type !== 'dec' && type !== 'numeric') return DIGITS[type];
  return (scale ?? 0) === 0 ? (precision ?? 10) : undefined;
}

/** Its normalised type is that of a small number. */
function isBoolean({ type }: ColumnMetadata): boolean {
  return type === Boolean || type === 'bool' || type === 'boolean';
}
