import { escapeIdentifier } from '@switchyard/mysql/internal';
import type { Connection } from 'mysql2/promise';
import { rowsOf } from '../server/connection.ts';

/** MariaDB's sequences in the connection's database, by name; on MySQL there are none. */
async function sequenceNames(connection: Connection): Promise<string[]> {
  const rows = await rowsOf<{ name: string }>(
    connection,
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'SEQUENCE' ORDER BY TABLE_NAME`,
  );
  return rows.map(({ name }) => name);
}

/** The statement that makes a sequence. It says where the sequence began, not where it stands. */
export async function readSequence(connection: Connection, name: string): Promise<string> {
  const sql = `SHOW CREATE SEQUENCE ${escapeIdentifier(name)}`;
  const [row] = await rowsOf<{ 'Create Table': string }>(connection, sql);
  return row?.['Create Table'] ?? '';
}

/** Makes the sequences of `from` on `to`, where they are missing. Tables may draw from them. */
export async function copySequences(from: Connection, to: Connection): Promise<void> {
  const there = await sequenceNames(to);
  for (const name of await sequenceNames(from)) {
    if (!there.includes(name)) await to.query(await readSequence(from, name));
  }
}
