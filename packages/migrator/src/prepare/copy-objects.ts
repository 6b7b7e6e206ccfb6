import type { Connection } from 'mysql2/promise';
import { escapeIdentifier } from '@switchyard/mysql';
import { rowsOf } from '../server/connection.ts';

/** What a schema has beside its tables. */
interface SchemaObject {
  readonly kind: 'VIEW' | 'TRIGGER' | 'PROCEDURE' | 'FUNCTION';
  readonly name: string;
}

/** The fence's procedure and others of Switchyard: each shard is given its own by `prepare`. */
const OWN = /^switchyard_/;

const OBJECTS = `SELECT 'FUNCTION' AS kind, ROUTINE_NAME AS name FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'FUNCTION'
  UNION ALL SELECT 'PROCEDURE', ROUTINE_NAME FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'PROCEDURE'
  UNION ALL SELECT 'VIEW', TABLE_NAME FROM information_schema.VIEWS
    WHERE TABLE_SCHEMA = DATABASE()
  UNION ALL SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS
    WHERE TRIGGER_SCHEMA = DATABASE()`;

/** Views, triggers and routines of the application, functions first. */
async function objectsOf(connection: Connection): Promise<SchemaObject[]> {
  const rows = await rowsOf<SchemaObject>(connection, OBJECTS);
  return rows.filter(({ name }) => !OWN.test(name));
}

/**
 * Makes the sibling's views, triggers and routines on the target, where they are missing. Views may
 * rest on views: what fails is tried again as long as something succeeds. Throws the server's error
 * of the first that cannot be made.
 */
export async function copyObjects(sibling: Connection, target: Connection): Promise<number> {
  const wanted = await objectsOf(sibling);
  const there = new Set((await objectsOf(target)).map(keyOf));
  let left = wanted.filter((object) => !there.has(keyOf(object)));
  while (left.length > 0) {
    const failed: { readonly object: SchemaObject; readonly error: unknown }[] = [];
    for (const object of left) {
      await copyOne(sibling, target, object).catch((error: unknown) =>
        failed.push({ object, error }),
      );
    }
    if (failed.length === left.length) throw failed[0]?.error;
    left = failed.map(({ object }) => object);
  }
  return wanted.length;
}

async function copyOne(
  sibling: Connection,
  target: Connection,
  { kind, name }: SchemaObject,
): Promise<void> {
  const sql = `SHOW CREATE ${kind} ${escapeIdentifier(name)}`;
  const [row = {}] = await rowsOf<Record<string, string>>(sibling, sql);
  if (row['sql_mode'] !== undefined) {
    await target.query('SET SESSION sql_mode = ?', [row['sql_mode']]); // part of the object
  }
  const column = Object.keys(row).find((key) => /^(Create |SQL Original)/.test(key)) ?? '';
  await target.query(row[column] ?? '');
}

function keyOf({ kind, name }: SchemaObject): string {
  return `${kind} ${name}`;
}
