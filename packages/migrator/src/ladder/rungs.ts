import { isAtLeast } from '@switchyard/mysql/internal';
import type { ServerFacts } from '../server/server-facts.ts';
import type { StepPath } from './path.ts';

/** One way of carrying out an ALTER TABLE. */
export interface Rung {
  readonly path: StepPath;
  readonly algorithm: 'INSTANT' | 'NOCOPY' | 'INPLACE' | 'COPY';
  /** Undefined where the server takes no LOCK clause beside the algorithm. */
  readonly lock: 'NONE' | 'SHARED' | undefined;
}

const INSTANT: Rung = { path: 'instant', algorithm: 'INSTANT', lock: undefined };
const NOCOPY: Rung = { path: 'inplace', algorithm: 'NOCOPY', lock: 'NONE' };
const INPLACE: Rung = { path: 'rebuild', algorithm: 'INPLACE', lock: 'NONE' };
const COPY: Rung = { path: 'copy', algorithm: 'COPY', lock: 'SHARED' };

/**
 * The ladder of a server, cheapest first. MariaDB has a rung of its own for changes in place that
 * do not rewrite the table; on MySQL it is told by the table's id.
 */
export function rungsOf(facts: ServerFacts): readonly Rung[] {
  if (facts.engine === 'mysql') return [INSTANT, INPLACE, COPY];
  return isAtLeast(facts.version, '10.3') ? [INSTANT, NOCOPY, INPLACE, COPY] : [INPLACE, COPY];
}

/** The last candidate: it works for every change that the server can do. */
export const COPY_RUNG = COPY;

/**
 * False where INSTANT adds and drops of columns have bugs that lose data or break backups
 * (MySQL 8.0.29 to 8.0.31): they take the next rung.
 */
export function hasSafeInstantColumns(facts: ServerFacts): boolean {
  if (facts.engine === 'mariadb') return true;
  return !isAtLeast(facts.version, '8.0.29') || isAtLeast(facts.version, '8.0.32');
}

/** Row versions that a table can have before INSTANT is refused; undefined where there is no limit. */
export function rowVersionLimit(facts: ServerFacts): number | undefined {
  if (facts.engine === 'mariadb') return undefined;
  return isAtLeast(facts.version, '9.1') ? 255 : 64;
}

/** The ALGORITHM and LOCK clauses of a rung. */
export function rungClauses(rung: Rung): string {
  const lock = rung.lock === undefined ? '' : `, LOCK=${rung.lock}`;
  return `ALGORITHM=${rung.algorithm}${lock}`;
}
