import {
  escapeIdentifier,
  failureNumber,
  failureText,
  ServerError,
} from '@switchyard/mysql/internal';
import type { ScratchSchema } from '../recording/scratch-schema.ts';
import { saysAlreadyThere } from '../server/server-answer.ts';
import type { StepPath } from './path.ts';
import { rungClauses, rungsOf, type Rung } from './rungs.ts';

/** `Not supported` (with or without a reason), and the limit of row versions. */
const TRY_NEXT: ReadonlySet<number> = new Set([
  ServerError.ER_ALTER_OPERATION_NOT_SUPPORTED,
  ServerError.ER_ALTER_OPERATION_NOT_SUPPORTED_REASON,
  ServerError.ER_INNODB_MAX_ROW_VERSION,
]);

/** A way that worked on the empty table. */
export interface Climbed {
  readonly outcome: 'climbed';
  readonly path: StepPath;
  readonly rung: Rung;
  /** The exact statement. */
  readonly sql: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** What the server said when no way worked. Nothing was changed. */
export interface NotClimbed {
  readonly outcome: 'already-there' | 'refused';
  readonly number: number;
  readonly message: string;
}

/** Which rungs may be used. */
export interface ClimbOptions {
  /** Leaves the first rung out: no row versions are left, or its bugs are known. */
  readonly withoutInstant?: boolean;
  /** Leaves only the last rung: the server takes any ALGORITHM and copies all the same. */
  readonly onlyCopy?: boolean;
  /** Session setting of `foreign_key_checks`. Default: as the migration left it. */
  readonly foreignKeyChecks?: boolean;
}

/**
 * Tries the rungs on the scratch table, cheapest first, until one works: a wrong ALGORITHM clause
 * fails without doing anything, the right one carries the change out.
 */
export async function climb(
  scratch: ScratchSchema,
  table: string,
  clauses: readonly string[],
  options: ClimbOptions = {},
): Promise<Climbed | NotClimbed> {
  const rungs = rungsOf(scratch.facts).filter(
    (rung) =>
      (options.withoutInstant !== true || rung.path !== 'instant') &&
      (options.onlyCopy !== true || rung.path === 'copy'),
  );
  const tried = () => climbRungs(scratch, table, clauses, rungs);
  if (options.foreignKeyChecks === undefined) return tried();
  return scratch.withForeignKeyChecks(options.foreignKeyChecks, tried);
}

async function climbRungs(
  scratch: ScratchSchema,
  table: string,
  clauses: readonly string[],
  rungs: readonly Rung[],
): Promise<Climbed | NotClimbed> {
  const before = await scratch.definition(table);
  let refusal: NotClimbed = { outcome: 'refused', number: 0, message: 'no algorithm fits' };
  for (const rung of rungs) {
    const sql = alterSql(table, clauses, rung);
    const id = await tableId(scratch, table, rung);
    const failed = await attempt(scratch, sql);
    if (failed === undefined) {
      const path = await pathOf(scratch, table, rung, id);
      const after = await scratch.definition(table);
      return { outcome: 'climbed', path, rung, sql, before, after };
    }
    refusal = failed;
    if (!TRY_NEXT.has(failed.number)) break;
  }
  return refusal;
}

async function pathOf(
  scratch: ScratchSchema,
  table: string,
  rung: Rung,
  idBefore: number | undefined,
): Promise<StepPath> {
  if (idBefore === undefined) return rung.path;
  return (await tableId(scratch, table, rung)) === idBefore ? 'inplace' : rung.path;
}

/** One ALTER TABLE that says how it is to be done. */
export function alterSql(table: string, clauses: readonly string[], rung: Rung): string {
  return `ALTER TABLE ${escapeIdentifier(table)} ${clauses.join(', ')}, ${rungClauses(rung)}`;
}

async function attempt(scratch: ScratchSchema, sql: string): Promise<NotClimbed | undefined> {
  try {
    await scratch.query(sql);
    return undefined;
  } catch (error) {
    const number = failureNumber(error);
    if (number === undefined) throw error;
    const outcome = saysAlreadyThere(error) ? 'already-there' : 'refused';
    return { outcome, number, message: failureText(error) };
  }
}

/**
 * The table's id at InnoDB: a change in place that keeps it did not rewrite the table. Undefined on
 * MariaDB, which says so by itself, and without the PROCESS privilege: then a rewrite is assumed.
 * Asked only where it decides: the server reads all its tables for the answer.
 */
async function tableId(
  scratch: ScratchSchema,
  table: string,
  rung: Rung,
): Promise<number | undefined> {
  if (scratch.facts.engine === 'mariadb' || rung.path !== 'rebuild') return undefined;
  try {
    const [row] = await scratch.rows<{ id: number }>(
      'SELECT TABLE_ID AS id FROM information_schema.INNODB_TABLES WHERE NAME = ?',
      [`${scratch.name}/${table}`],
    );
    return row?.id;
  } catch (error) {
    if (failureNumber(error) === undefined) throw error;
    return undefined;
  }
}
