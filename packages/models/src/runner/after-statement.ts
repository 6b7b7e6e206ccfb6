import type { Place } from '@switchyard/shard-context';
import {
  foundReadOnly,
  hasRolledBack,
  isConnectionLost,
  type PooledConnection,
  wasNotSent,
} from '@switchyard/mysql/internal';
import { QueryResult } from 'typeorm/query-runner/QueryResult.js';
import type { Statement } from '../statements/classify.ts';
import { FenceLostError, OutcomeUnknownError } from './runner-errors.ts';
import { mayWrite } from './statement-rules.ts';

/** Bit 0 of the status that the server sends with every answer: a transaction is open. */
const SERVER_STATUS_IN_TRANS = 1;

/**
 * Refuses to go on where the server says that the fenced transaction is over, as after a CALL of a
 * procedure that commits. The text of a statement cannot show that.
 * @throws FenceLostError
 */
export function refuseEndedFence(answer: unknown, statement: Statement, shard: string): void {
  if (statement.kind === 'read') return;
  const status = serverStatus(answer);
  if (status === undefined || (status & SERVER_STATUS_IN_TRANS) !== 0) return;
  throw new FenceLostError(`run ${statement.verb}`, shard);
}

/** The status of a raw answer, of a structured one, or of the last result of a CALL. */
function serverStatus(answer: unknown): number | undefined {
  const raw = answer instanceof QueryResult ? (answer.raw as unknown) : answer;
  const header: unknown = Array.isArray(raw) ? raw.at(-1) : raw;
  return isHeader(header) ? header.serverStatus : undefined;
}

/**
 * True for what mysql2 makes of the server's answer to a statement without rows. A row of
 * INSERT … RETURNING may have columns of any name, but it is a plain object.
 */
function isHeader(value: unknown): value is { readonly serverStatus: number } {
  if (typeof value !== 'object' || value === null || isPlain(value)) return false;
  return typeof (value as { serverStatus?: unknown }).serverStatus === 'number';
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** What a failed statement means for its connection, its transaction and its caller. */
export function failureOfStatement(
  error: unknown,
  statement: Statement,
  at: {
    readonly place: Place;
    readonly inTransaction: boolean;
    readonly connection: PooledConnection | undefined;
  },
): { readonly error: unknown; readonly endsTransaction: boolean } {
  const { connection } = at;
  const lost = isConnectionLost(error);
  if (foundReadOnly(error)) connection?.suspectServer();
  else if (lost && connection !== undefined) connection.broken = true;
  const rolledBack = hasRolledBack(error, connection?.facts?.rollsBackOnTimeout ?? false);
  const endsTransaction = lost || rolledBack || error instanceof FenceLostError;
  // Autocommit: the server may have committed before the connection went.
  const unknown = lost && !at.inTransaction && mayWrite(statement) && !wasNotSent(error);
  if (!unknown) return { error, endsTransaction };
  const attempted = `run ${statement.verb}`;
  return { error: new OutcomeUnknownError(attempted, at.place.shard, error), endsTransaction };
}
