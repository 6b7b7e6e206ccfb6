import { createHash } from 'node:crypto';
import type { Connection } from 'mysql2/promise';
import { digestOf, readDefinition } from '../recording/definition.ts';
import { readTableNames } from '../recording/scratch-schema.ts';
import type { Schema } from './table-differences.ts';

/** Reads the definitions of all tables of the connection's database but Switchyard's own. */
export async function readSchema(connection: Connection): Promise<Schema> {
  const schema = new Map<string, string>();
  for (const table of await readTableNames(connection)) {
    const definition = await readDefinition(connection, table);
    if (definition !== undefined) schema.set(table, definition);
  }
  return schema;
}

/** One text for all schemas that mean the same, whatever their tables' texts look like. */
export function fingerprintOf(schema: Schema): string {
  const tables = [...schema].map(([table, definition]) => [table, digestOf(definition)]);
  return createHash('sha256').update(JSON.stringify(tables.sort())).digest('hex').slice(0, 32);
}
