import { escapeIdentifier } from '@switchyard/mysql';
import { capacity, integerRange, type ColumnType } from './column-type.ts';

/** What a change of a column's type can do to its data. */
export interface ColumnDanger {
  readonly rule: 'NULLS_PRESENT' | 'NARROWING' | 'ENUM_REORDER' | 'TYPE_CHANGE';
  readonly reason: string;
  readonly remedy: string;
  /** A condition on the rows that would lose something; undefined where no query can tell. */
  readonly where: string | undefined;
  /** First part of the flag, where it can be allowed. */
  readonly flag: string | undefined;
}

const SHORTEN = 'Shorten or correct those values first, then plan again';

/** All dangers of changing `column` from one type to the other. */
export function columnDangers(
  column: string,
  from: ColumnType,
  to: ColumnType,
): readonly ColumnDanger[] {
  const name = escapeIdentifier(column);
  const dangers: ColumnDanger[] = [];
  if (from.nullable && !to.nullable) {
    dangers.push({
      rule: 'NULLS_PRESENT',
      reason: `${column} is NULL in some rows`,
      remedy: 'Give those rows a value first, then plan again',
      where: `${name} IS NULL`,
      flag: undefined,
    });
  }
  const lost = narrowing(name, from, to);
  if (lost !== undefined) {
    dangers.push({
      rule: 'NARROWING',
      reason: `some values of ${column} do not fit the new type`,
      remedy: SHORTEN,
      where: lost,
      flag: undefined,
    });
  }
  if (isReordered(from, to)) dangers.push(reorder(column));
  if ((from.family !== to.family && !isLossless(from, to)) || losesPart(from, to))
    dangers.push(typeChange(column, from, to));
  return dangers;
}

/** A condition for rows whose value the new type cannot hold; undefined where it holds them all. */
function narrowing(name: string, from: ColumnType, to: ColumnType): string | undefined {
  if (to.family === 'choice') return outsideOf(name, from, to);
  if (from.family === 'integer' && to.family === 'integer') return outsideRange(name, from, to);
  if (isText(from) && isText(to)) return tooLong(name, from, to);
  if (isNumber(from) && to.family === 'decimal') return outsideDecimal(name, from, to);
  if (from.family === 'decimal' && to.family === 'integer') {
    const [least, most] = integerRange(to);
    return `${name} <> TRUNCATE(${name}, 0) OR ${name} < ${least} OR ${name} > ${most}`;
  }
  return from.family === 'moment' && to.family === 'moment'
    ? lostMoment(name, from, to)
    : undefined;
}

function outsideRange(name: string, from: ColumnType, to: ColumnType): string | undefined {
  const [oldLeast, oldMost] = integerRange(from);
  const [least, most] = integerRange(to);
  if (least <= oldLeast && most >= oldMost) return undefined;
  return `${name} < ${least} OR ${name} > ${most}`;
}

function tooLong(name: string, from: ColumnType, to: ColumnType): string | undefined {
  const had = capacity(from);
  const has = capacity(to);
  // A character takes at most four bytes, and at least one.
  const needed = has.bytes && !had.bytes ? had.most * 4 : had.most;
  if (needed <= has.most) return undefined;
  return `${has.bytes ? 'LENGTH' : 'CHAR_LENGTH'}(${name}) > ${has.most}`;
}

function outsideDecimal(name: string, from: ColumnType, to: ColumnType): string | undefined {
  const [digits = 10, scale = 0] = to.numbers;
  const [hadDigits = 10, hadScale = 0] = from.numbers;
  const wide = digits - scale >= hadDigits - hadScale && scale >= hadScale;
  if (from.family === 'decimal' && wide && to.unsigned === from.unsigned) return undefined;
  const whole = `1${'0'.repeat(digits - scale)}`;
  const negative = to.unsigned ? ` OR ${name} < 0` : '';
  return `${name} <> ROUND(${name}, ${scale}) OR ABS(${name}) >= ${whole}${negative}`;
}

function outsideOf(name: string, from: ColumnType, to: ColumnType): string | undefined {
  if (to.name === 'set') return undefined;
  if (from.family === 'choice' && from.values.every((value) => to.values.includes(value))) {
    return undefined;
  }
  const list = to.values.map(
    (value) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
  );
  return `${name} NOT IN (${list.join(', ')})`;
}

function lostMoment(name: string, from: ColumnType, to: ColumnType): string | undefined {
  if (to.name === 'date') return from.name === 'date' ? undefined : `TIME(${name}) <> '00:00:00'`;
  const had = from.numbers[0] ?? 0;
  const has = to.numbers[0] ?? 0;
  if (has >= had || from.name === 'date') return undefined;
  return `MICROSECOND(${name}) % ${10 ** (6 - has)} <> 0`;
}

/** Stored as numbers: a value that gets another number changes its meaning for whoever reads those. */
function isReordered(from: ColumnType, to: ColumnType): boolean {
  if (from.family !== 'choice' || to.family !== 'choice') return false;
  return from.values.some((value, i) => to.values[i] !== value);
}

function isText(type: ColumnType): boolean {
  return type.family === 'text' || type.family === 'binary';
}

function isNumber(type: ColumnType): boolean {
  return type.family === 'integer' || type.family === 'decimal';
}

/** Changes of family that keep every value, or that were asked for row by row. */
function isLossless(from: ColumnType, to: ColumnType): boolean {
  if (isNumber(from) && isNumber(to)) return true;
  if (from.family === 'choice' && to.family === 'text') return from.name === 'enum';
  return isText(from) && (isText(to) || to.name === 'enum');
}

/** Within a family: a time of day has no date and the other way round, and FLOAT has half the digits. */
function losesPart(from: ColumnType, to: ColumnType): boolean {
  if (from.family !== to.family) return false;
  if (from.family === 'moment') return (from.name === 'time') !== (to.name === 'time');
  return from.name === 'double' && to.name === 'float';
}

function reorder(column: string): ColumnDanger {
  return {
    rule: 'ENUM_REORDER',
    reason: `values of ${column} get other numbers, or are removed`,
    remedy: 'Append new values at the end, or allow it by name',
    where: undefined,
    flag: 'reorder-enum',
  };
}

function typeChange(column: string, from: ColumnType, to: ColumnType): ColumnDanger {
  return {
    rule: 'TYPE_CHANGE',
    reason: `${column} changes from ${from.name} to ${to.name}, which may lose values`,
    remedy: 'Add a new column and copy the values, or allow it by name',
    where: undefined,
    flag: 'change-type',
  };
}
