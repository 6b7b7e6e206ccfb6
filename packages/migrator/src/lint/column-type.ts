/** Kinds of types between which values keep their meaning. */
export type TypeFamily =
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
}

const FAMILIES: readonly (readonly [RegExp, TypeFamily])[] = [
  [/^(tinyint|smallint|mediumint|int|bigint|bit|year)$/, 'integer'],
  [/^decimal$/, 'decimal'],
  [/^(float|double)$/, 'float'],
  [/^(char|varchar|tinytext|text|mediumtext|longtext)$/, 'text'],
  [/^(binary|varbinary|tinyblob|blob|mediumblob|longblob)$/, 'binary'],
  [/^(date|datetime|timestamp|time)$/, 'moment'],
  [/^(enum|set)$/, 'choice'],
];

/** Reads a line like `varchar(20) NOT NULL DEFAULT ''`. */
export function columnType(line: string): ColumnType {
  const [, name = '', inner = ''] =
    /^([a-z][a-z0-9]*)(?:\(((?:'(?:[^'\\]|''|\\.)*'|[^)'])*)\))?/is.exec(line) ?? [];
  const lower = name.toLowerCase();
  const rest = line.slice(name.length);
  const family = FAMILIES.find(([names]) => names.test(lower))?.[1] ?? 'other';
  return {
    name: lower,
    family,
    numbers: family === 'choice' ? [] : inner.split(',').filter(Boolean).map(Number),
    unsigned: /\bunsigned\b/i.test(rest),
    nullable: !/\bNOT NULL\b/.test(rest),
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
