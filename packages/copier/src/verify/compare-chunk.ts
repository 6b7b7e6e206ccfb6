import type { Connection } from 'mysql2/promise';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import type { TablePair } from '../apply/row-carrier.ts';
import { hasSameOrder, keyOnTarget } from '../apply/same-server-carrier.ts';
import { targetKeySelect } from '../apply/rows-in-the-way.ts';
import { inRange } from '../chunks/chunker.ts';
import type { KeyRange } from '../chunks/key-range.ts';
import { rawRowsOf, rowsOf } from '../session/queries.ts';
import { readSql } from '../table/column-sql.ts';
import {
  allOf,
  keyAfter,
  keyColumns,
  keyIn,
  keySelect,
  keyUpTo,
  type Condition,
} from '../table/key-sql.ts';
import { rawText, type Key } from '../session/raw-value.ts';
import { canonicalText, rowHash } from './canonical-text.ts';

interface Sum {
  readonly n: string;
  readonly sum: string | null;
  readonly mix: string | null;
}

/**
 * True where both sides of a range have as many rows and the same hashes, in whatever order. A sum
 * as well as BIT_XOR: CRC32 is linear, and values that two rows had exchanged would cancel out.
 */
export async function isEqual(
  session: Connection,
  pair: TablePair,
  range: KeyRange,
): Promise<boolean> {
  const one = await sum(session, pair, 'from', inRange(pair.source, range));
  const other = await sum(session, pair, 'to', await rangeOnTarget(session, pair, range));
  return one.n === other.n && one.sum === other.sum && one.mix === other.mix;
}

async function sum(
  session: Connection,
  pair: TablePair,
  side: 'from' | 'to',
  where: Condition,
): Promise<Sum> {
  const table = side === 'from' ? pair.source.name : pair.target.name;
  const [row] = await rowsOf<Sum>(
    session,
    `SELECT CAST(COUNT(*) AS CHAR) AS n, CAST(SUM(hash) AS CHAR) AS sum,
       CAST(BIT_XOR(hash) AS CHAR) AS mix
     FROM (SELECT ${rowHash(pair.columns, side)} AS hash FROM ${escapeIdentifier(table)} x
           WHERE ${where.sql}) hashes`,
    where.values,
  );
  return row!;
}

/** Keys of a range whose rows differ, or are on one side only. */
export async function differingKeys(
  session: Connection,
  pair: TablePair,
  range: KeyRange,
): Promise<Key[]> {
  const from = pair.source.key.map((column) => `x.${readSql(column)}`);
  const one = await hashes(session, pair, {
    side: 'from',
    key: from,
    where: inRange(pair.source, range),
  });
  const other = await hashes(session, pair, {
    side: 'to',
    key: targetKeySelect(pair, 'x'),
    where: await rangeOnTarget(session, pair, range),
  });
  const keys = new Map([...one, ...other].map(([text, { key }]) => [text, key]));
  return [...keys]
    .filter(([text]) => one.get(text)?.hash !== other.get(text)?.hash)
    .map(([, key]) => key);
}

async function hashes(
  session: Connection,
  pair: TablePair,
  { side, key, where }: { side: 'from' | 'to'; key: string[]; where: Condition },
): Promise<Map<string, { key: Key; hash: string }>> {
  const table = side === 'from' ? pair.source.name : pair.target.name;
  const rows = await rawRowsOf(
    session,
    `SELECT ${rowHash(pair.columns, side)}, ${key.join(', ')} FROM ${escapeIdentifier(table)} x
     WHERE ${where.sql}`,
    where.values,
  );
  return new Map(rows.map(([hash, ...k]) => [rawText(k), { key: k, hash: hash!.toString() }]));
}

/** The columns in which rows of these keys differ. */
export async function differingColumns(
  session: Connection,
  pair: TablePair,
  keys: readonly Key[],
): Promise<string[]> {
  const some = keys.slice(0, 100);
  const select = async (side: 'from' | 'to', where: Condition) => {
    const table = side === 'from' ? pair.source.name : pair.target.name;
    const key = side === 'from' ? keyColumns(pair.source.key) : keyOnTarget(pair);
    const order = key.names.map((name) => `x.${escapeIdentifier(name)}`).join(', ');
    const texts = pair.columns.map((column) => canonicalText(column, side)).join(', ');
    const sql = `SELECT ${texts} FROM ${escapeIdentifier(table)} x WHERE ${where.sql} ORDER BY ${order}`;
    return rawRowsOf(session, sql, where.values);
  };
  const one = await select('from', keyIn(keyColumns(pair.source.key), some));
  const other = await select('to', keyIn(keyOnTarget(pair), some));
  if (one.length !== other.length) return [];
  return pair.columns
    .filter((_, i) => one.some((row, j) => rawText([row[i]!]) !== rawText([other[j]![i]!])))
    .map(({ from }) => from.name);
}

/** Where the target sorts its keys otherwise, a range of the source is named key by key. */
async function rangeOnTarget(
  session: Connection,
  pair: TablePair,
  range: KeyRange,
): Promise<Condition> {
  const key = keyOnTarget(pair);
  if (hasSameOrder(pair)) {
    return allOf([
      range.after && keyAfter(key, range.after),
      range.upTo && keyUpTo(key, range.upTo),
    ]);
  }
  const { sql, values } = inRange(pair.source, range);
  const keys = await rawRowsOf(
    session,
    `SELECT ${keySelect(pair.source.key)} FROM ${escapeIdentifier(pair.source.name)} WHERE ${sql}`,
    values,
  );
  return keys.length === 0 ? { sql: '1 = 0', values: [] } : keyIn(key, keys);
}
