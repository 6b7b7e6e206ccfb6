import type { Connection } from 'mysql2/promise';
import { rowsOf } from '../session/queries.ts';
import type { Column, ColumnFamily } from './table.ts';

const FAMILIES: Readonly<Record<string, ColumnFamily>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  decimal: 'decimal',
  float: 'float',
  double: 'double',
  bit: 'bit',
  year: 'year',
  date: 'date',
  time: 'time',
  datetime: 'datetime',
  timestamp: 'timestamp',
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
  binary: 'bytes',
  varbinary: 'bytes',
  tinyblob: 'bytes',
  blob: 'bytes',
  mediumblob: 'bytes',
  longblob: 'bytes',
  enum: 'enum',
  set: 'set',
  json: 'json',
  uuid: 'printed',
  inet4: 'printed',
  inet6: 'printed',
  geometry: 'spatial',
  point: 'spatial',
  linestring: 'spatial',
  polygon: 'spatial',
  multipoint: 'spatial',
  multilinestring: 'spatial',
  multipolygon: 'spatial',
  geometrycollection: 'spatial',
  geomcollection: 'spatial',
};

interface ColumnRow {
  readonly name: string;
  readonly dataType: string;
  readonly type: string;
  readonly nullable: string;
  readonly charset: string | null;
  readonly collation: string | null;
  readonly scale: number | null;
  readonly fraction: number | null;
  readonly fallback: string | null;
  readonly extra: string;
  readonly expression: string | null;
}

const COLUMNS = `SELECT COLUMN_NAME AS name, DATA_TYPE AS dataType, COLUMN_TYPE AS type,
  IS_NULLABLE AS nullable, CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation,
  NUMERIC_SCALE AS scale, DATETIME_PRECISION AS fraction, COLUMN_DEFAULT AS fallback,
  EXTRA AS extra, GENERATION_EXPRESSION AS expression
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?
  ORDER BY ORDINAL_POSITION`;

/** The columns of a table; the types that the copier does not know, by name. */
export interface FoundColumns {
  readonly columns: readonly Column[];
  readonly unknown: readonly string[];
}

/** Reads the columns of a table, hidden ones included. */
export async function readColumns(session: Connection, table: string): Promise<FoundColumns> {
  const rows = await rowsOf<ColumnRow>(session, COLUMNS, [table]);
  const unknown = rows.filter(({ dataType }) => familyOf(dataType) === undefined);
  return {
    columns: rows.map(columnOf),
    unknown: unknown.map(({ name, type }) => `${name} (${type})`),
  };
}

function familyOf(dataType: string): ColumnFamily | undefined {
  return FAMILIES[dataType.toLowerCase()];
}

function columnOf(row: ColumnRow): Column {
  const generated = (row.expression ?? '') !== '';
  const autoIncrement = /auto_increment/i.test(row.extra);
  const nullable = row.nullable === 'YES';
  return {
    name: row.name,
    family: familyOf(row.dataType) ?? 'bytes',
    type: row.type,
    nullable,
    charset: row.charset ?? undefined,
    collation: row.collation ?? undefined,
    scale: Number(row.fraction ?? row.scale ?? 0),
    generated,
    autoIncrement,
    hasDefault: nullable || row.fallback !== null || autoIncrement || generated,
  };
}
