import type { Connection } from 'mysql2/promise';
import { escapeIdentifier } from '@switchyard/mysql/internal';
import { rowsOf, run } from '../session/queries.ts';

/**
 * Gives the shadow at least the original's AUTO_INCREMENT: ids of rows that were deleted at the end
 * must not be given again. Read by SHOW CREATE TABLE: MySQL's information_schema lags behind.
 */
export async function carryAutoIncrement(
  session: Connection,
  { original, shadow }: { original: string; shadow: string },
): Promise<void> {
  const wanted = await nextId(session, original);
  if (wanted === undefined) return;
  const has = await nextId(session, shadow);
  if (has !== undefined && has >= wanted) return;
  await run(session, `ALTER TABLE ${escapeIdentifier(shadow)} AUTO_INCREMENT = ${wanted}`);
}

async function nextId(session: Connection, table: string): Promise<bigint | undefined> {
  const [row] = await rowsOf<Record<string, string>>(
    session,
    `SHOW CREATE TABLE ${escapeIdentifier(table)}`,
  );
  const text = row!['Create Table'] ?? '';
  // After the last parenthesis: a comment of a column may say the same.
  const options = text.slice(text.lastIndexOf('\n)'));
  const found = / AUTO_INCREMENT=(\d+)/.exec(options)?.[1];
  return found === undefined ? undefined : BigInt(found);
}
