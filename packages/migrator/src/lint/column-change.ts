import { escapeIdentifier } from '@switchyard/mysql';
import type { ColumnType } from './column-type.ts';
import { lostValues } from './lost-values.ts';

/** What a change of a column's type can do to its data. */
export interface ColumnDanger {
  readonly rule: 'NULLS_PRESENT' | 'NARROWING' | 'ENUM_REORDER' | 'TYPE_CHANGE' | 'ZERO_BECOMES_ID';
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
  const lost = lostValues(column, from, to);
  if (lost !== undefined) {
    dangers.push({
      rule: 'NARROWING',
      reason: `some values of ${column} do not fit the new type`,
      remedy: SHORTEN,
      where: lost,
      flag: undefined,
    });
  }
  if (to.autoIncrement && !from.autoIncrement) dangers.push(zeroBecomesId(column, name));
  if (isReordered(from, to)) dangers.push(reorder(column));
  if ((from.family !== to.family && !isLossless(from, to)) || losesPart(from, to))
    dangers.push(typeChange(column, from, to));
  return dangers;
}

/** Stored as numbers: a value that gets another number changes its meaning for the code that reads those. */
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
  if (from.family === 'other') return from.name !== to.name;
  return from.name === 'double' && to.name === 'float';
}

/** Where a column gets AUTO_INCREMENT the server takes 0 for `the next one`. */
function zeroBecomesId(column: string, name: string): ColumnDanger {
  return {
    rule: 'ZERO_BECOMES_ID',
    reason: `the row whose ${column} is 0 would get another ${column}`,
    remedy: 'Give that row another value first, then plan again',
    where: `${name} = 0`,
    flag: undefined,
  };
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
