import {
  noteEnded,
  reopenMigration,
  type LedgerRow,
  type OpenMigration,
} from '../ledger/ledger.ts';
import { raiseNotedFloors } from '../ledger/noted-floors.ts';
import { outcomeOf } from '../plan/outcome.ts';
import type { ShardPlan } from '../plan/plan.ts';
import { isConnectionLost } from '@switchyard/mysql/internal';
import { keepSteps, keptSteps } from '../plan/kept-steps.ts';
import { MigrationChangedError, SchemaMovedError } from './rollout-errors.ts';
import type { ShardSession } from './shard-session.ts';
import { executorOf, type StepOfMigration } from './step-executor.ts';
import { checkData, runStep } from './step-run.ts';

/** What a run of one migration on one shard did. */
export interface MigrationEnd {
  readonly migration: string;
  /** Statements that were sent. */
  readonly steps: number;
  readonly stallMs: number;
}

/** The part of a plan that is kept in the ledger while the migration is under way. */
type KeptPlan = Pick<ShardPlan, 'migration' | 'direction' | 'checksum' | 'steps'>;

/** Runs a planned migration on a shard, from its first step. */
export async function runMigration(session: ShardSession, plan: ShardPlan): Promise<MigrationEnd> {
  const { migration, direction, checksum, steps } = plan;
  const seq = await session.begin({
    migration,
    direction,
    step: 0,
    clause: `${steps.length} step${steps.length === 1 ? '' : 's'}`,
    path: 'migration',
    checksum,
    plan: keepSteps(steps),
  });
  session.pass('migration-noted');
  session.emit({ event: 'migration-started', shard: session.shard.name, migration });
  return runSteps(session, plan, seq, new Map());
}

/**
 * Goes on with a migration that an earlier run left half done, by the steps that were planned when
 * it began, because the schema it was planned for is no longer there. A step that was begun and not ended
 * is settled by looking at the schema, never by running it again blindly.
 * @throws MigrationChangedError where its file is another one now; SchemaMovedError where the
 * schema shows neither outcome
 */
export async function finishMigration(
  session: ShardSession,
  open: OpenMigration,
  checksum: string | undefined,
): Promise<MigrationEnd> {
  const { row } = open;
  if (checksum !== undefined && row.checksum !== null && checksum !== row.checksum) {
    throw new MigrationChangedError(session.shard.name, row.migration);
  }
  await session.mayGoOn();
  await reopenMigration(session.connection, row.seq);
  const kept: KeptPlan = {
    migration: row.migration,
    direction: row.direction as ShardPlan['direction'],
    checksum: row.checksum ?? '',
    steps: keptSteps(open.plan),
  };
  const latest = new Map(open.steps.map((step) => [step.step, step]));
  session.emit({
    event: 'migration-started',
    shard: session.shard.name,
    migration: row.migration,
  });
  return runSteps(session, kept, row.seq, latest);
}

async function runSteps(
  session: ShardSession,
  plan: KeptPlan,
  seq: number,
  rows: ReadonlyMap<number, LedgerRow>,
): Promise<MigrationEnd> {
  let sent = 0;
  let stallMs = 0;
  try {
    for (const [i, step] of plan.steps.entries()) {
      const of: StepOfMigration = { ...plan, step, number: i + 1, of: plan.steps.length };
      const row = rows.get(i + 1);
      const open = await isUnderWay(session, of, row);
      if (!open && (await isSettled(session, of, row))) continue;
      const end = await runStep(session, of, open ? row?.seq : undefined);
      stallMs += end.stallMs;
      if (end.how === 'ran') sent += 1;
    }
    await raiseNotedFloors(session.connection, session.shard.name, plan.migration);
  } catch (error) {
    if (!isConnectionLost(error)) await noteFailed(session, seq, error);
    throw error;
  }
  session.pass('before-migration-ended');
  await noteEnded(session.connection, seq, { state: 'done', stallMs });
  session.pass('migration-ended');
  const { migration } = plan;
  session.emit({ event: 'migration-ended', shard: session.shard.name, migration });
  return { migration, steps: sent, stallMs };
}

/** True where an earlier run was ended in the middle of a step that can be gone on with. */
async function isUnderWay(
  session: ShardSession,
  { step }: StepOfMigration,
  row: LedgerRow | undefined,
): Promise<boolean> {
  return row?.state === 'started' && (await executorOf(step).isUnderWay(session, step));
}

/** True where the step needs no run: it is done, or was found to be. */
async function isSettled(
  session: ShardSession,
  of: StepOfMigration,
  row: LedgerRow | undefined,
): Promise<boolean> {
  if (row === undefined || row.state === 'failed') return false;
  if (row.state === 'done') return true;
  const outcome = await outcomeOf(session.connection, of.step);
  if (outcome === 'changed') throw new SchemaMovedError(session.shard.name, of.step);
  const done = outcome === 'done';
  if (done) await checkData(session, of.step, 'after'); // the run may have ended before it counted
  await noteEnded(session.connection, row.seq, {
    state: done ? 'done' : 'failed',
    outcome: done
      ? 'the run was interrupted; the schema shows that it was carried out'
      : 'the run was interrupted; the shard shows that it was not carried out',
  });
  if (done) {
    const { migration, number: step, of: all } = of;
    const { name: shard } = session.shard;
    session.emit({
      event: 'step-ended',
      shard,
      migration,
      step,
      of: all,
      durationMs: 0,
      stallMs: 0,
      how: 'settled',
    });
  }
  return done;
}

/** The migration as a whole stays pending; what went wrong stands beside it. */
async function noteFailed(session: ShardSession, seq: number, error: unknown): Promise<void> {
  const outcome = error instanceof Error ? error.message : String(error);
  try {
    await noteEnded(session.connection, seq, { state: 'failed', outcome });
  } catch (lost) {
    if (!isConnectionLost(lost)) throw lost; // the row stays open, and the next run settles it
  }
}
