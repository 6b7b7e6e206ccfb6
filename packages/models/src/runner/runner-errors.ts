import type { Place } from '@switchyard/shard-context';
import { describePlace, SwitchyardError } from '@switchyard/shard-context/internal';

/** A query runner, manager or query builder of one place was used in another's context. */
export class RunnerMisplacedError extends SwitchyardError {
  static override readonly code = 'RUNNER_MISPLACED';

  constructor(attempted: string, home: Place, current: Place) {
    super({
      attempted,
      shard: current.shard,
      reason: `it was made on ${describePlace(home)} and is used on ${describePlace(current)}`,
      remedy: 'Make managers, query runners and query builders inside the context that uses them',
    });
  }
}

/** The context is read-only and the statement is not a plain read. It was not sent. */
export class ContextReadOnlyError extends SwitchyardError {
  static override readonly code = 'CONTEXT_READ_ONLY';

  constructor(attempted: string, shard: string) {
    super({
      attempted,
      shard,
      reason: 'the context is read-only',
      remedy: 'Move the write out of readOnly(), or leave it by name: writable(reason, fn)',
    });
  }
}

/**
 * A statement that would end the transaction behind the back of the runner, or leave the shard's
 * database. It was not sent.
 */
export class StatementRefusedError extends SwitchyardError {
  static override readonly code = 'STATEMENT_REFUSED';

  constructor(refusal: { attempted: string; shard: string; reason: string; remedy: string }) {
    super(refusal);
  }
}

/** A write to rows that have a tenant, in a context that names none. It was not sent. */
export class WriteNotFencedError extends SwitchyardError {
  static override readonly code = 'WRITE_NOT_FENCED';

  constructor(attempted: string, shard: string, found: string) {
    super({
      attempted,
      shard,
      reason: `${found}, and the context names none, so no fence protects the write`,
      remedy: 'Enter a tenant: router.onTenant(); or declare it: unfenced(reason, fn)',
    });
  }
}

/**
 * The server rolled the transaction back (a deadlock) or the connection was lost in it, and code
 * went on. Nothing of the transaction was written; what came after was not sent.
 */
export class TransactionPoisonedError extends SwitchyardError {
  static override readonly code = 'TRANSACTION_POISONED';
  static override readonly retryable = true;

  constructor(attempted: string, shard: string, cause: unknown) {
    super(
      {
        attempted,
        shard,
        reason: 'the transaction is over: the server rolled it back, or its connection was lost',
        remedy: 'Let the first error leave the transaction, and run the whole unit of work again',
      },
      { cause },
    );
  }
}

/**
 * The connection was lost while the server was committing, so no one can say whether the write
 * happened. Never retry blindly: read first whether it is there.
 */
export class OutcomeUnknownError extends SwitchyardError {
  static override readonly code = 'OUTCOME_UNKNOWN';

  constructor(attempted: string, shard: string, cause: unknown) {
    super(
      {
        attempted,
        shard,
        reason: 'the connection was lost before the server answered; it may or may not be written',
        remedy: 'Read whether it is there before doing it again, or make the work idempotent',
      },
      { cause },
    );
  }
}

/**
 * A statement (a stored procedure that commits) ended the fenced transaction on the server. What it
 * did before stands; nothing more was sent.
 */
export class FenceLostError extends SwitchyardError {
  static override readonly code = 'FENCE_LOST';

  constructor(attempted: string, shard: string) {
    super({
      attempted,
      shard,
      reason: 'the statement ended the transaction that the fence protects',
      remedy: 'Do not commit inside procedures that a tenant calls',
    });
  }
}
