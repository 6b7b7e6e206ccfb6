import type { Connection, RowDataPacket } from 'mysql2/promise';
import { digestOf, readDefinition } from '../recording/definition.ts';
import type { Step } from './plan.ts';
import type { TableState } from './schema-check.ts';

/**
 * `done`: the schema is as after the step. `not-done`: as before it. `changed`: as neither; someone
 * else altered it meanwhile. `unknown`: the schema cannot tell (see `SchemaCheck`).
 */
export type Outcome = 'done' | 'not-done' | 'changed' | 'unknown';

/**
 * Settles by looking at the shard's schema whether `step` was carried out. Statements that changed
 * rows, and repeatable ones, are `unknown`.
 */
export async function outcomeOf(connection: Connection, step: Step): Promise<Outcome> {
  const { verify } = step;
  if (verify.kind === 'schema') return outcomeOfTables(connection, verify.tables);
  if (verify.kind !== 'object') return 'unknown';
  const [rows] = await connection.query<RowDataPacket[]>(OBJECTS[verify.object], [verify.name]);
  return rows.length > 0 === verify.existsAfter ? 'done' : 'not-done';
}

/** True where `step` can be sent as planned: its tables are as they were when it was planned. */
export async function stillHolds(connection: Connection, step: Step): Promise<boolean> {
  const outcome = await outcomeOf(connection, step);
  return outcome === 'not-done' || outcome === 'unknown';
}

async function outcomeOfTables(
  connection: Connection,
  tables: readonly TableState[],
): Promise<Outcome> {
  let done = true;
  let untouched = true;
  for (const { table, before, after } of tables) {
    const now = digestOf(await readDefinition(connection, table));
    if (now !== after) done = false;
    if (now !== before) untouched = false;
  }
  if (done) return 'done';
  return untouched ? 'not-done' : 'changed';
}

const OBJECTS = {
  view: `SELECT 1 FROM information_schema.VIEWS
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
  trigger: `SELECT 1 FROM information_schema.TRIGGERS
    WHERE TRIGGER_SCHEMA = DATABASE() AND TRIGGER_NAME = ?`,
  procedure: `SELECT 1 FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_NAME = ? AND ROUTINE_TYPE = 'PROCEDURE'`,
  function: `SELECT 1 FROM information_schema.ROUTINES
    WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_NAME = ? AND ROUTINE_TYPE = 'FUNCTION'`,
} as const;
