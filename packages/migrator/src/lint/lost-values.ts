import { escapeIdentifier } from '@switchyard/mysql';
import { capacity, integerRange, type ColumnType } from './column-type.ts';

/** Character sets that have every character. */
const COMPLETE = new Set(['utf8mb4', 'utf16', 'utf16le', 'utf32']);
/** The last second of a TIMESTAMP of four bytes. */
const LAST_SECOND = 2_147_483_647;
const WHOLE_NUMBER = "'^[[:space:]]*[-+]?[0-9]+[[:space:]]*$'";
const ANY_NUMBER =
  "'^[[:space:]]*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?[[:space:]]*$'";

/**
 * A condition for the rows of `column` whose value the new type cannot hold, for every pair of types;
 * undefined where it holds them all. It is asked beforehand, because a server that is not strict
 * changes such values without an error.
 */
export function lostValues(column: string, from: ColumnType, to: ColumnType): string | undefined {
  const name = escapeIdentifier(column);
  const conditions = [outside(name, from, to), otherCharacters(name, from, to)];
  const found = conditions.filter((condition) => condition !== undefined);
  return found.length === 0 ? undefined : found.join(' OR ');
}

function outside(name: string, from: ColumnType, to: ColumnType): string | undefined {
  switch (to.family) {
    case 'choice':
      return to.name === 'set' ? outsideSet(name, from, to) : outsideEnum(name, from, to);
    case 'integer':
      return outsideInteger(name, from, to);
    case 'decimal':
      return outsideDecimal(name, from, to);
    case 'float':
      return outsideFloat(name, from, to);
    case 'text':
    case 'binary':
      return tooLong(name, from, to);
    case 'moment':
      return lostMoment(name, from, to);
    default:
      return to.name === 'json' && from.name !== 'json' ? `NOT JSON_VALID(${name})` : undefined;
  }
}

function outsideInteger(name: string, from: ColumnType, to: ColumnType): string | undefined {
  const [least, most] = integerRange(to);
  const range = (value: string) => `${value} < ${least} OR ${value} > ${most}`;
  if (from.family === 'integer') {
    const [oldLeast, oldMost] = integerRange(from);
    return least <= oldLeast && most >= oldMost ? undefined : range(name);
  }
  if (from.family === 'decimal' || from.family === 'float') {
    return `${name} <> TRUNCATE(${name}, 0) OR ${range(name)}`;
  }
  if (from.family !== 'text') return undefined;
  return `${name} NOT REGEXP ${WHOLE_NUMBER} OR ${range(`CAST(${name} AS DECIMAL(65, 0))`)}`;
}

function outsideDecimal(name: string, from: ColumnType, to: ColumnType): string | undefined {
  const [digits = 10, scale = 0] = to.numbers;
  const [hadDigits = 10, hadScale = 0] = from.numbers;
  const wide = digits - scale >= hadDigits - hadScale && scale >= hadScale;
  if (from.family === 'decimal' && wide && to.unsigned === from.unsigned) return undefined;
  if (from.family === 'text') {
    const value = `CAST(${name} AS DECIMAL(65, 30))`;
    return `${name} NOT REGEXP ${ANY_NUMBER} OR ${beyondDigits(value, digits, scale, to)}`;
  }
  return isNumber(from) ? beyondDigits(name, digits, scale, to) : undefined;
}

function beyondDigits(value: string, digits: number, scale: number, to: ColumnType): string {
  const whole = `1${'0'.repeat(digits - scale)}`;
  const negative = to.unsigned ? ` OR ${value} < 0` : '';
  return `${value} <> ROUND(${value}, ${scale}) OR ABS(${value}) >= ${whole}${negative}`;
}

function outsideFloat(name: string, from: ColumnType, to: ColumnType): string | undefined {
  const conditions: string[] = [];
  if (from.family === 'text') conditions.push(`${name} NOT REGEXP ${ANY_NUMBER}`);
  const [digits, scale] = to.numbers;
  const same = from.family === 'float' && from.numbers.join() === to.numbers.join();
  if (digits !== undefined && scale !== undefined && !same && isNumber(from)) {
    conditions.push(beyondDigits(name, digits, scale, to));
  }
  if (to.unsigned && !from.unsigned && isNumber(from)) conditions.push(`${name} < 0`);
  return conditions.length === 0 ? undefined : conditions.join(' OR ');
}

function tooLong(name: string, from: ColumnType, to: ColumnType): string | undefined {
  const conditions = [longerThan(name, from, to)];
  // The server takes spaces off the end of a CHAR, and fills a BINARY up.
  if (to.name === 'char' && from.family === 'text' && from.name !== 'char') {
    conditions.push(`CAST(RIGHT(${name}, 1) AS BINARY) = ' '`);
  }
  if (to.name === 'binary' && isText(from) && from.name !== 'binary') {
    conditions.push(`LENGTH(${name}) < ${to.numbers[0] ?? 1}`);
  }
  const found = conditions.filter((condition) => condition !== undefined);
  return found.length === 0 ? undefined : found.join(' OR ');
}

function longerThan(name: string, from: ColumnType, to: ColumnType): string | undefined {
  const has = capacity(to);
  if (has.most === Infinity) return undefined;
  if (!isText(from)) return `CHAR_LENGTH(CAST(${name} AS CHAR)) > ${has.most}`;
  const had = capacity(from);
  // A character takes at most four bytes, and at least one.
  const recoded = to.family === 'text' && from.charset !== to.charset;
  const needed = has.bytes && (!had.bytes || recoded) ? had.most * 4 : had.most;
  if (needed <= has.most) return undefined;
  const value = recoded && to.charset !== undefined ? `CONVERT(${name} USING ${to.charset})` : name;
  return `${has.bytes ? 'LENGTH' : 'CHAR_LENGTH'}(${value}) > ${has.most}`;
}

/** Characters that the new character set lacks, and bytes that are no characters of it. */
function otherCharacters(name: string, from: ColumnType, to: ColumnType): string | undefined {
  if (to.family !== 'text' || to.charset === undefined) return undefined;
  const as = (text: string) => `NOT (CAST(${text} AS BINARY) <=> CAST(${name} AS BINARY))`;
  if (from.family === 'binary') return as(`CONVERT(${name} USING ${to.charset})`);
  if (from.charset === undefined || from.charset === to.charset) return undefined;
  if (COMPLETE.has(to.charset)) return undefined;
  return as(`CONVERT(CONVERT(${name} USING ${to.charset}) USING ${from.charset})`);
}

function outsideEnum(name: string, from: ColumnType, to: ColumnType): string | undefined {
  if (from.name === 'enum' && from.values.every((value) => to.values.includes(value))) {
    return undefined;
  }
  return `${name} NOT IN (${to.values.map(quoted).join(', ')})`;
}

/** From a text, every value has to be a list of members, each at most once. */
function outsideSet(name: string, from: ColumnType, to: ColumnType): string | undefined {
  if (from.family === 'choice') {
    const gone = from.values.filter((value) => !to.values.includes(value));
    if (gone.length === 0) return undefined;
    return gone.map((value) => `FIND_IN_SET(${quoted(value)}, ${name}) > 0`).join(' OR ');
  }
  if (from.family !== 'text') return undefined;
  const lengths = to.values.map(
    (value) => `IF(FIND_IN_SET(${quoted(value)}, ${name}) > 0, ${[...value].length + 1}, 0)`,
  );
  return `${name} <> '' AND CHAR_LENGTH(${name}) + 1 <> ${lengths.join(' + ')}`;
}

function quoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

function lostMoment(name: string, from: ColumnType, to: ColumnType): string | undefined {
  if (from.family !== 'moment') {
    const type = to.name === 'time' ? 'TIME' : 'DATETIME';
    return `${name} IS NOT NULL AND CAST(${name} AS ${type}) IS NULL`;
  }
  const conditions: string[] = [];
  if (to.name === 'timestamp' && from.name !== 'timestamp') conditions.push(noTimestamp(name));
  if (to.name === 'date' && from.name !== 'date') conditions.push(`TIME(${name}) <> '00:00:00'`);
  const had = from.numbers[0] ?? 0;
  const has = to.numbers[0] ?? 0;
  if (to.name !== 'date' && has < had && from.name !== 'date') {
    conditions.push(`MICROSECOND(${name}) % ${10 ** (6 - has)} <> 0`);
  }
  return conditions.length === 0 ? undefined : conditions.join(' OR ');
}

/** Outside of 1970 to 2038, and hours that the session's time zone leaves out in spring. */
function noTimestamp(name: string): string {
  return (
    `NOT (FROM_UNIXTIME(UNIX_TIMESTAMP(${name})) <=> ${name})` +
    ` OR ${name} > FROM_UNIXTIME(${LAST_SECOND}) OR ${name} < FROM_UNIXTIME(1)`
  );
}

function isText(type: ColumnType): boolean {
  return type.family === 'text' || type.family === 'binary';
}

function isNumber(type: ColumnType): boolean {
  return ['integer', 'decimal', 'float'].includes(type.family);
}
