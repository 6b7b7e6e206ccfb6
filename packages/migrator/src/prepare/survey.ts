import { readIdentity } from '@switchyard/mysql/internal';
import type { Connection } from 'mysql2/promise';
import type { Shard } from '@switchyard/shard-context';
import { rowsOf } from '../server/connection.ts';
import { SYSTEM_TABLES } from '../ledger/system-tables.ts';

/** What a shard's database is before anything is written to it. */
export interface Survey {
  readonly shard: Shard;
  /** The uuid in `shard_identity`, or undefined where there is none. */
  readonly uuid: string | undefined;
  /** Tables that are not Switchyard's. */
  readonly tables: readonly string[];
  /** Tells servers apart by what they say of themselves; equal ones are looked at again. */
  readonly serverMark: string;
}

/** Looks at a shard's database. Nothing is changed. */
export async function surveyShard(shard: Shard, connection: Connection): Promise<Survey> {
  const names = await tablesOf(connection);
  const tables = names.filter((name) => !SYSTEM_TABLES.includes(name));
  const uuid = (await readIdentity(connection))?.uuid;
  const [mark] = await rowsOf<{ mark: string }>(
    connection,
    "SELECT CONCAT_WS('/', @@hostname, @@port, @@datadir, DATABASE()) AS mark",
  );
  return { shard, uuid, tables, serverMark: mark?.mark ?? shard.name };
}

/** Names of the base tables of the connection's database, sorted. */
export async function tablesOf(connection: Connection): Promise<string[]> {
  const rows = await rowsOf<{ name: string }>(
    connection,
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' ORDER BY TABLE_NAME`,
  );
  return rows.map(({ name }) => name);
}

/**
 * True where two connections, opened under different names, are on one database: a lock that one
 * has taken is seen by the other.
 */
export async function onSameDatabase(one: Connection, other: Connection): Promise<boolean> {
  const name = "CONCAT('switchyard-survey:', LEFT(SHA2(DATABASE(), 256), 32))";
  await one.query(`SELECT GET_LOCK(${name}, 0)`);
  const [row] = await rowsOf<{ holder: number | null }>(
    other,
    `SELECT IS_USED_LOCK(${name}) AS holder`,
  );
  await one.query(`SELECT RELEASE_LOCK(${name})`);
  return row?.holder === one.threadId;
}
