import { failureNumber, failureText, ServerError } from '@switchyard/mysql/internal';
import { SwitchyardError } from '@switchyard/shard-context/internal';
import type { DataCheck, Step } from '../plan/plan.ts';
import { withoutValues } from '../server/without-values.ts';

/** What to do about a server's answer, by its error number. */
const REMEDIES: Readonly<Record<number, string>> = {
  [ServerError.ER_DUP_ENTRY]:
    'Find and fix the duplicates on this shard, then use `switchyard resume`',
  [ServerError.ER_INVALID_USE_OF_NULL]:
    'Fill in the NULLs on this shard, then use `switchyard resume`',
  [ServerError.WARN_DATA_TRUNCATED]:
    'Fix the values that do not fit on this shard, then use `switchyard resume`',
  [ServerError.ER_DATA_TOO_LONG]:
    'Fix the values that are too long on this shard, then use `switchyard resume`',
  [ServerError.ER_NO_REFERENCED_ROW_2]:
    'Fix the rows without a parent on this shard, then use `switchyard resume`',
  [ServerError.ER_TABLEACCESS_DENIED_ERROR]:
    'Grant the privilege to the account of the migrator, then use `switchyard resume`',
  [ServerError.ER_ALTER_OPERATION_NOT_SUPPORTED]:
    'The table has changed since it was planned: use `switchyard plan`, then `switchyard resume`',
  [ServerError.ER_ALTER_OPERATION_NOT_SUPPORTED_REASON]:
    'The table has changed since it was planned: use `switchyard plan`, then `switchyard resume`',
  [ServerError.ER_INNODB_MAX_ROW_VERSION]:
    'The table has no row versions left: rebuild it (ALTER TABLE … FORCE), then use `switchyard resume`',
  [ServerError.ER_RECORD_FILE_FULL]:
    'Make room on the disk of the server, then use `switchyard resume`',
};
const FIX = 'Fix what the server names, then use `switchyard resume`';

/** The server refused a statement of a migration. The shard stays pending; the others go on. */
export class StepFailedError extends SwitchyardError {
  static override readonly code = 'STEP_FAILED';
  constructor(shard: string, step: Step, cause: unknown) {
    const number = failureNumber(cause);
    super(
      {
        attempted: `run "${shortened(step.clause)}"`,
        shard,
        reason: `the server answered ${number ?? 'without a number'}: ${withoutValues(failureText(cause))}`,
        remedy: REMEDIES[number ?? 0] ?? FIX,
      },
      { cause },
    );
  }
}

/** A count that has to be zero for the step was not. The shard stays pending. */
export class StepCheckFailedError extends SwitchyardError {
  static override readonly code = 'STEP_CHECK_FAILED';
  constructor(shard: string, step: Step, check: DataCheck, offending: number) {
    super({
      attempted: `run "${shortened(step.clause)}"`,
      shard,
      reason: `${check.failure} (${offending} found)`,
      remedy: check.remedy,
    });
  }
}

/** The table could not be locked in time, because someone else uses it. Nothing was changed. */
export class TableLockedError extends SwitchyardError {
  static override readonly code = 'TABLE_LOCKED';
  static override readonly retryable = true;
  /** Who stands in the way, one line each. */
  readonly blockers: readonly string[];

  constructor(shard: string, step: Step, blockers: readonly string[], cause: unknown) {
    const who =
      blockers.length === 0
        ? 'the server does not show by whom (without the PROCESS privilege it cannot)'
        : blockers.join('; ');
    const what = step.table === undefined ? 'what it needs' : `table ${step.table}`;
    super(
      {
        attempted: `lock ${what} for "${shortened(step.clause)}"`,
        shard,
        reason: `it stayed locked: ${who}`,
        remedy: 'End those transactions, or allow it in rollout.kill; then use `switchyard resume`',
      },
      { cause },
    );
    this.blockers = blockers;
  }
}

/** The table is neither as it was planned for nor as it should become: someone changed it. */
export class SchemaMovedError extends SwitchyardError {
  static override readonly code = 'SCHEMA_MOVED';
  constructor(shard: string, step: Step) {
    super({
      attempted: `run "${shortened(step.clause)}"`,
      shard,
      reason: `table ${step.table ?? ''} is neither as planned nor as it should become`,
      remedy: 'Compare it with its siblings, fix it by hand, then use `switchyard resume`',
    });
  }
}

/** The file of a half-run migration is not the one that was begun. Nothing more was run. */
export class MigrationChangedError extends SwitchyardError {
  static override readonly code = 'MIGRATION_CHANGED';
  constructor(shard: string, migration: string) {
    super({
      attempted: `go on with ${migration}`,
      shard,
      reason: 'its file has changed since a part of it was run here',
      remedy:
        'Restore the file, finish with `switchyard resume`, and put the change in a new migration',
    });
  }
}

/** The plan made after an interrupted migration was finished was refused. */
export class PlanRefusedError extends SwitchyardError {
  static override readonly code = 'PLAN_REFUSED';
  constructor(shard: string, migration: string, refusal: { reason: string; remedy: string }) {
    super({
      attempted: `plan ${migration}`,
      shard,
      reason: refusal.reason,
      remedy: refusal.remedy,
    });
  }
}

/** A clause as a message shows it: one line, at most 100 characters. */
export function shortened(clause: string): string {
  const line = clause.replace(/\s+/g, ' ').trim();
  return line.length <= 100 ? line : `${line.slice(0, 99)}…`;
}
