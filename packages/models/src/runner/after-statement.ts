import type { Place } from '@switchyard/shard-context';
import {
  foundReadOnly,
  hasRolledBack,
  isConnectionLost,
  type PooledConnection,
  wasNotSent,
} from '@switchyard/mysql/internal';
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
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { raw, serverStatus: status } = answer as { raw?: unknown; serverStatus?: unknown };
  if (typeof status === 'number') return status;
  if (raw !== undefined && raw !== answer) return serverStatus(raw);
  return Array.isArray(answer) ? statusOfLast(answer) : undefined;
}

function statusOfLast(answers: readonly unknown[]): number | undefined {
  const last = answers.at(-1) as { serverStatus?: unknown } | undefined;
  return typeof last?.serverStatus === 'number' ? last.serverStatus : undefined;
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
