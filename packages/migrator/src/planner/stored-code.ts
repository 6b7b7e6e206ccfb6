import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { PlanRefusal } from '../plan/plan.ts';

/** A name that is gone after a step. */
export interface RemovedName {
  readonly table: string;
  /** Undefined where the whole table goes. */
  readonly column: string | undefined;
  readonly clause: string;
}

/** A trigger, view, routine or event of a shard. */
interface StoredCode {
  readonly kind: string;
  readonly name: string;
  /** The table that a trigger belongs to; empty for the others. */
  readonly ofTable: string;
  readonly text: string;
}

const QUERY = `
  SELECT 'trigger' AS kind, TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS ofTable,
    ACTION_STATEMENT AS text FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE()
  UNION ALL SELECT 'view', TABLE_NAME, '', VIEW_DEFINITION
    FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()
  UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, '', ROUTINE_DEFINITION
    FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE()
  UNION ALL SELECT 'event', EVENT_NAME, '', EVENT_DEFINITION
    FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()`;

/**
 * Refuses steps that take away what triggers, views, routines or events of the shard still use: the
 * scratch database has none of them, and after such a step the statements that meet them fail.
 * `replaced` are objects that the migration itself drops or writes anew.
 */
export async function usedByStoredCode(
  connection: Connection,
  removed: readonly RemovedName[],
  replaced: ReadonlySet<string>,
): Promise<PlanRefusal[]> {
  if (removed.length === 0) return [];
  const [rows] = await connection.query<RowDataPacket[]>(QUERY);
  const code = (rows as StoredCode[]).filter(({ kind, name }) => !replaced.has(`${kind} ${name}`));
  return removed.flatMap((one) => code.filter((each) => uses(each, one)).map(refusal(one)));
}

function uses({ ofTable, text }: StoredCode, { table, column }: RemovedName): boolean {
  const own = ofTable.toLowerCase() === table.toLowerCase();
  if (column === undefined) return !own && mentions(text, table); // its own triggers go with it
  return (own || mentions(text, table)) && mentions(text, column);
}

/** As a word outside of strings. Undefined is what a user without the privilege is shown. */
function mentions(text: string | null, name: string): boolean {
  const plain = (text ?? '').replaceAll(/'(?:[^'\\]|''|\\.)*'/gs, "''").toLowerCase();
  const escaped = name.toLowerCase().replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w$])${escaped}(?![\\w$])`).test(plain);
}

function refusal({ table, column, clause }: RemovedName) {
  return ({ kind, name }: StoredCode): PlanRefusal => ({
    rule: 'USED_BY_STORED_CODE',
    table,
    clause,
    reason: `the ${kind} ${name} of this shard uses ${column ?? table}, and would fail afterwards`,
    remedy: `Drop the ${kind} or write it anew in the same migration, before this step`,
    flag: `break-${kind}:${name}`,
  });
}
