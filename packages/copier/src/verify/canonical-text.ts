import { escapeIdentifier } from '@switchyard/mysql/internal';
import type { ColumnPair } from '../apply/row-carrier.ts';
import type { Column, ColumnFamily } from '../table/table.ts';

const NUMBERS: ReadonlySet<ColumnFamily> = new Set(['integer', 'decimal', 'year', 'bit']);
const FLOATING: ReadonlySet<ColumnFamily> = new Set(['float', 'double']);
const NUMERIC: ReadonlySet<ColumnFamily> = new Set([...NUMBERS, ...FLOATING]);
const MOMENTS: ReadonlySet<ColumnFamily> = new Set(['date', 'datetime', 'timestamp']);
const TEXTS: ReadonlySet<ColumnFamily> = new Set(['text', 'enum', 'set', 'json', 'printed']);

/**
 * A value as text that is equal for a row and its copy under the new type: 1 and 1.00, a time with
 * and without microseconds, text in two character sets. Compared with the fewer digits of the two.
 */
export function canonicalText({ from, to }: ColumnPair, side: 'from' | 'to'): string {
  const column = side === 'from' ? from : to;
  const name = `x.${escapeIdentifier(column.name)}`;
  const scale = Math.min(from.scale, to.scale);
  const both = (families: ReadonlySet<ColumnFamily>) =>
    families.has(from.family) && families.has(to.family);
  if (both(NUMBERS)) return `CAST(${number(column, name)} AS DECIMAL(65,${scale}))`;
  if (both(FLOATING)) return floating([from, to], name);
  if (both(NUMERIC)) return `(${number(column, name)} + 0e0)`;
  if (both(MOMENTS)) return `CAST(${name} AS DATETIME(${scale}))`;
  if (from.family === 'time' && to.family === 'time') return `CAST(${name} AS TIME(${scale}))`;
  if (both(TEXTS)) return `CONVERT(${name} USING utf8mb4)`;
  if (from.family === to.family) return name;
  return `CAST(${name} AS CHAR CHARACTER SET utf8mb4)`;
}

function number({ family }: Column, name: string): string {
  return family === 'bit' ? `(${name} + 0)` : name;
}

/** All digits; -0 and 0 are one value to the server. A FLOAT made a DOUBLE keeps a FLOAT's digits. */
function floating(columns: readonly Column[], name: string): string {
  const same = columns.every(({ family }) => family === columns[0]!.family);
  return same ? `(${name} + 0e0)` : `CAST(${name} AS FLOAT)`;
}

/**
 * One number per row. The texts are joined with their lengths, so that no two rows give one text;
 * NULL is told from ''. MD5 and SHA1 are gone in MySQL 9.
 */
export function rowHash(columns: readonly ColumnPair[], side: 'from' | 'to'): string {
  const parts = columns.map((pair) => {
    const text = canonicalText(pair, side);
    return `COALESCE(CONCAT(LENGTH(${text}), ':', ${text}), '-')`;
  });
  return `CRC32(CONCAT_WS(',', ${parts.join(', ')}))`;
}
