import type { PlanRefusal } from '../plan/plan.ts';

/** Something of that name is there, defined otherwise: this shard is not like the migration thinks. */
export function differentDefinition(table: string | undefined, clause: string): PlanRefusal {
  return {
    rule: 'DIFFERENT_DEFINITION',
    table,
    clause,
    reason: 'it is there already, defined otherwise',
    remedy: 'Bring this shard in line with its siblings: compare SHOW CREATE TABLE',
  };
}

/** The server's own reason. */
export function serverRefuses(
  table: string | undefined,
  clause: string,
  message: string,
): PlanRefusal {
  return {
    rule: 'SERVER_REFUSES',
    table,
    clause,
    reason: `the server says: ${message}`,
    remedy: 'Correct the migration, or fix the schema of this shard',
  };
}
