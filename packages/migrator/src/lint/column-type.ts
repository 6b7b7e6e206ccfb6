import { tableText } from '../recording/table-text.ts';

/** Kinds of types between which values keep their meaning. */
type TypeFamily =
  'integer' | 'decimal' | 'float' | 'text' | 'binary' | 'moment' | 'choice' | 'other';

/** A column as its line in `SHOW CREATE TABLE` describes it. */
export interface ColumnType {
  /** `varchar`, `int`, `enum`: lower case. */
  readonly name: string;
  readonly family: TypeFamily;
  /** What stands in brackets: length, precision and scale. */
  readonly numbers: readonly number[];
  readonly unsigned: boolean;
  readonly nullable: boolean;
  /** Values of an ENUM or SET. */
  readonly values: readonly string[];
  /** Of a text, ENUM or SET; undefined for other types, and where it is not known. */
  readonly charset: string | undefined;
  readonly collation: string | undefined;
  readonly autoIncrement: boolean;
}

/** What columns have that name no character set of their own. */
export type TableCharset = Partial<Pick<ColumnType, 'charset' | 'collation'>>;

const FAMILIES: readonly (readonly [RegExp, TypeFamily])[] = [
  [/^(tinyint|smallint|mediumint|int|bigint|bit|year)$/, 'integer'],
  [/^decimal$/, 'decimal'],
  [/^(float|double)$/, 'float'],
  [/^(char|varchar|tinytext|text|mediumtext|longtext)$/, 'text'],
  [/^(binary|varbinary|tinyblob|blob|mediumblob|longblob)$/, 'binary'],
  [/^(date|datetime|timestamp|time)$/, 'moment'],
  [/^(enum|set)$/, 'choice'],
];

/** The character set and collation that the last line of a `SHOW CREATE TABLE` gives to columns. */
export function tableCharset(definition: string): TableCharset {
  const options = tableText(definition)?.options ?? '';
  const [, charset, collation] = /\bDEFAULT CHARSET=(\w+)(?: COLLATE=(\w+))?/.exec(options) ?? [];
  return { charset, collation };
}

/** Reads a line like `varchar(20) NOT NULL DEFAULT ''`. */
export function columnType(line: string, table: TableCharset = {}): ColumnType {
  const [, name = '', inner = ''] =
    /^([a-z][a-z0-9]*)(?:\(((?:'(?:[^'\\]|''|\\.)*'|[^)'])*)\))?/is.exec(line) ?? [];
  const lower = name.toLowerCase();
  const rest = line.slice(name.length);
  const attributes = rest.slice(inner === '' ? 0 : inner.length + 2).replace(LITERALS, "''");
  const family = FAMILIES.find(([names]) => names.test(lower))?.[1] ?? 'other';
  return {
    name: lower,
    family,
    numbers: family === 'choice' ? [] : inner.split(',').filter(Boolean).map(Number),
    unsigned: /\bunsigned\b/i.test(attributes),
    nullable: !/\bNOT NULL\b/.test(attributes),
    autoIncrement: /\bAUTO_INCREMENT\b/i.test(attributes),
    ...(['text', 'choice'].includes(family) ? charsetOf(attributes, table) : NO_CHARSET),
    values: [...inner.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)].map(([, value]) => plainText(value)),
  };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', 0: '\0', Z: '\x1a' };

/** What a string between quotes stands for: `it''s`, `a\\b`. */
function plainText(quoted = ''): string {
  return quoted.replaceAll(/''|\\(.)/gs, (_all, char: string | undefined) =>
    char === undefined ? "'" : (ESCAPES[char] ?? char),
  );
}

/** True for the types whose values have a day, and can be without one. */
export function hasDate({ name }: ColumnType): boolean {
  return ['date', 'datetime', 'timestamp'].includes(name);
}

const LITERALS = /'(?:[^'\\]|''|\\.)*'/gs;
const NO_CHARSET = { charset: undefined, collation: undefined };

function charsetOf(
  attributes: string,
  table: TableCharset,
): Pick<ColumnType, 'charset' | 'collation'> {
  const charset = /\bCHARACTER SET (\w+)/i.exec(attributes)?.[1];
  const collation = /\bCOLLATE (\w+)/i.exec(attributes)?.[1];
  if (charset === undefined && collation === undefined) {
    return { charset: table.charset, collation: table.collation };
  }
  return { charset: charset ?? collation?.split('_')[0], collation };
}

const TEXT_BYTES: Readonly<Record<string, number>> = {
  tinytext: 255,
  tinyblob: 255,
  text: 65_535,
  blob: 65_535,
  mediumtext: 16_777_215,
  mediumblob: 16_777_215,
};

/** The most that a text or binary column holds, and whether that counts bytes or characters. */
export function capacity(type: ColumnType): { readonly most: number; readonly bytes: boolean } {
  const fixed = TEXT_BYTES[type.name];
  if (fixed !== undefined) return { most: fixed, bytes: true };
  if (/^long/.test(type.name)) return { most: Infinity, bytes: true };
  return { most: type.numbers[0] ?? 1, bytes: type.family === 'binary' };
}

const INTEGER_BITS: Readonly<Record<string, number>> = {
  tinyint: 8,
  smallint: 16,
  mediumint: 24,
  int: 32,
  bigint: 64,
};

/** Smallest and largest value of an integer column. */
export function integerRange(type: ColumnType): readonly [bigint, bigint] {
  if (type.name === 'year') return [1901n, 2155n];
  if (type.name === 'bit') return [0n, 2n ** BigInt(type.numbers[0] ?? 1) - 1n];
  const bits = BigInt(INTEGER_BITS[type.name] ?? 32);
  if (type.unsigned) return [0n, 2n ** bits - 1n];
  return [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}
