import { escapeIdentifier } from '@switchyard/mysql/internal';
import type { Column, ColumnFamily } from './table.ts';

const BY_NUMBER: ReadonlySet<ColumnFamily> = new Set(['enum', 'set', 'bit']);

/**
 * How a column is read so that its text is exact. FLOAT prints 6 digits unless it is computed with
 * (both servers). ENUM and SET are read by number, because '' is a value and the absence of one; BIT
 * too, because MariaDB does not compare it with bytes.
 */
export function readSql(column: Column): string {
  const name = escapeIdentifier(column.name);
  if (column.family === 'float') return `${name} + 0e0`;
  if (BY_NUMBER.has(column.family)) return `${name} + 0`;
  return name;
}

/**
 * The place of a raw value in a comparison or an INSERT: typed, so that the server compares a
 * number as a number and text in the column's character set; each stands for one bound value.
 */
export function valueSql(column: Column): string {
  switch (column.family) {
    case 'integer':
    case 'year':
    case 'enum':
    case 'set':
    case 'bit':
      return /unsigned/i.test(column.type) || column.family !== 'integer'
        ? 'CAST(? AS UNSIGNED)'
        : 'CAST(? AS SIGNED)';
    case 'decimal':
      return `CAST(? AS DECIMAL(65,${column.scale}))`;
    case 'date':
      return 'CAST(? AS DATE)';
    case 'time':
      return 'CAST(? AS TIME(6))';
    case 'datetime':
    case 'timestamp':
      return 'CAST(? AS DATETIME(6))';
    case 'text':
      return `_${column.charset ?? 'binary'} ?`;
    default:
      return '?';
  }
}

/**
 * A raw value as it is bound: text of numbers and times as text, everything else as bytes, which
 * the driver writes as a hexadecimal literal.
 */
export function boundValue(column: Column, value: Buffer | null): Buffer | string | null {
  if (value === null) return null;
  switch (column.family) {
    case 'text':
    case 'bytes':
    case 'spatial':
      return value;
    case 'json':
      return value.toString('utf8');
    default:
      return value.toString('latin1');
  }
}
