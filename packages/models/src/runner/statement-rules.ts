import type { Place } from '@switchyard/shard-context';
import type { Statement } from '../statements/classify.ts';
import { ContextReadOnlyError, StatementRefusedError } from './runner-errors.ts';

/** Where and how a statement is about to run. */
export interface Situation {
  readonly place: Place;
  readonly readOnly: boolean;
}

/** Reads that lock, and writes, are no plain reads; neither is what no one can tell. */
function isPlainRead(statement: Statement): boolean {
  return statement.kind === 'read' && !statement.locking;
}

/** True where a statement may change rows, or no one can tell that it does not. */
export function mayWrite(statement: Statement): boolean {
  const { kind } = statement;
  return kind === 'write' || kind === 'call' || kind === 'unknown' || kind === 'ddl';
}

/**
 * Refuses what must not be sent in this situation.
 * @throws ContextReadOnlyError, StatementRefusedError
 */
export function refuseStatement(statement: Statement, sql: string, situation: Situation): void {
  const { shard, tenant } = situation.place;
  const attempted = statement.verb === '' ? 'run a statement' : `run ${statement.verb}`;
  if (situation.readOnly && !isAllowedWhereReadOnly(statement, sql)) {
    throw new ContextReadOnlyError(attempted, shard);
  }
  if (statement.taints.includes('default-database')) {
    throw new StatementRefusedError({
      attempted,
      shard,
      reason: 'it would leave the shard’s database while the connection still counts as the shard',
      remedy: 'Enter the other shard’s context instead',
    });
  }
  if (tenant !== undefined) refuseForTenant(statement, sql, { attempted, shard });
}

function isAllowedWhereReadOnly(statement: Statement, sql: string): boolean {
  if (statement.multiple) return false;
  if (isPlainRead(statement)) return true;
  return statement.kind === 'transaction' && isSavepoint(statement, sql);
}

function isSavepoint({ verb }: Statement, sql: string): boolean {
  if (verb === 'ROLLBACK') return /\bROLLBACK\s+(WORK\s+)?TO\b/i.test(sql);
  return verb === 'SAVEPOINT' || verb === 'RELEASE';
}

function refuseForTenant(
  statement: Statement,
  sql: string,
  at: { attempted: string; shard: string },
): void {
  if (statement.multiple) {
    throw new StatementRefusedError({
      ...at,
      reason: 'several statements in one text cannot be fenced as one',
      remedy: 'Send them one by one, in a transaction',
    });
  }
  if (statement.implicitCommit || endsTransaction(statement, sql)) {
    throw new StatementRefusedError({
      ...at,
      reason: 'it begins or ends a transaction by itself, and the fence with it',
      remedy:
        'Use transaction() or a query runner’s own methods; run DDL in a context without a tenant',
    });
  }
}

/** `SET autocommit` ends an open transaction when it switches on, and opens one when off. */
function endsTransaction(statement: Statement, sql: string): boolean {
  if (statement.verb === 'SET') return /\bautocommit\b/i.test(sql);
  if (statement.kind !== 'transaction') return false;
  return !isSavepoint(statement, sql);
}
