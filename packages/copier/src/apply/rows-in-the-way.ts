import type { Connection } from 'mysql2/promise';
import { escapeIdentifier, isServerError, ServerError } from '@switchyard/mysql/internal';
import { rawRowsOf, run } from '../session/queries.ts';
import type { Condition } from '../table/key-sql.ts';
import { readSql } from '../table/column-sql.ts';
import type { Key } from '../session/raw-value.ts';
import type { UniqueKey, UniqueKeyPart } from '../table/table.ts';
import { DuplicateUnderNewKeyError } from './apply-errors.ts';
import type { TablePair } from './row-carrier.ts';
import { keyOnTarget } from './same-server-carrier.ts';

/** What the search needs: the pair, an empty table of the target's shape, and the source's rows. */
export interface Probe {
  readonly pair: TablePair;
  /** A table like the target, without foreign keys, partitions and full-text indexes. */
  readonly table: string;
  readonly these: Condition;
}

/**
 * The rows of the target that stand in the way of rows of the source: another key, an equal unique
 * value. Decided by the server under the target's own types and collations: the source's rows are
 * put into a table of the target's shape. Where that table refuses them itself, one statement has
 * shown two rows of the source with an equal value, and the duplicate is real.
 * @throws DuplicateUnderNewKeyError
 */
export async function rowsInTheWay(session: Connection, probe: Probe): Promise<Key[]> {
  await fillProbe(session, probe);
  const found: Key[] = [];
  for (const unique of probe.pair.target.uniqueKeys) {
    found.push(...(await inTheWayOf(session, probe, unique)));
  }
  await run(session, `DELETE FROM ${escapeIdentifier(probe.table)}`);
  await run(session, 'COMMIT');
  return found;
}

async function fillProbe(session: Connection, { pair, table, these }: Probe): Promise<void> {
  const into = pair.columns.map(({ to }) => escapeIdentifier(to.name)).join(', ');
  const from = pair.columns.map(({ from: { name } }) => escapeIdentifier(name)).join(', ');
  await run(session, `DELETE FROM ${escapeIdentifier(table)}`);
  try {
    await run(
      session,
      `INSERT INTO ${escapeIdentifier(table)} (${into})
       SELECT ${from} FROM ${escapeIdentifier(pair.source.name)} WHERE ${these.sql}`,
      these.values,
    );
  } catch (cause) {
    await run(session, 'ROLLBACK');
    if (!isServerError(cause, ServerError.ER_DUP_ENTRY)) throw cause;
    throw new DuplicateUnderNewKeyError(pair.source.name, nameOfKey(cause), cause);
  }
}

/** Target rows with an equal value under one unique key and another key than the source's row. */
async function inTheWayOf(
  session: Connection,
  { pair, table }: Probe,
  unique: UniqueKey,
): Promise<Key[]> {
  const { names } = keyOnTarget(pair);
  const equal = unique.parts.map((part) => `${partOf('t', part)} = ${partOf('p', part)}`);
  const sameKey = names.map((name) => `${aliased('t', name)} = ${aliased('p', name)}`);
  return rawRowsOf(
    session,
    `SELECT DISTINCT ${targetKeySelect(pair, 't').join(', ')}
     FROM ${escapeIdentifier(pair.target.name)} t
     JOIN ${escapeIdentifier(table)} p ON ${equal.join(' AND ')}
     WHERE NOT (${sameKey.join(' AND ')})`,
  );
}

/** The key of a target's row as the source would give it: text in the source's character set. */
export function targetKeySelect(pair: TablePair, alias: string): string[] {
  return keyOnTarget(pair).names.map((name, i) => {
    const from = pair.source.key[i]!;
    const to = pair.target.columns.find((column) => column.name === name);
    const read = `${alias}.${readSql({ ...from, name })}`;
    const converts = from.family === 'text' && to?.charset !== from.charset;
    return converts ? `CONVERT(${read} USING ${from.charset})` : read;
  });
}

function partOf(alias: string, { column, prefix }: UniqueKeyPart): string {
  const name = aliased(alias, column.name);
  return prefix === undefined ? name : `LEFT(${name}, ${prefix})`;
}

function aliased(alias: string, name: string): string {
  return `${alias}.${escapeIdentifier(name)}`;
}

/** The key's name as the server says it: `Duplicate entry '…' for key 'orders~new.by_email'`. */
function nameOfKey(error: unknown): string {
  const name = /for key '(.+)'$/.exec((error as Error).message)?.[1] ?? 'unknown';
  return name.split('.').at(-1)!;
}
