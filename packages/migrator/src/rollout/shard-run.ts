import { performance } from 'node:perf_hooks';
import type { Shard } from '@switchyard/shard-context';
import { isApplied, readHalfDone, readMigrationRows, type LedgerRow } from '../ledger/ledger.ts';
import type { MigrationFile } from '../migrations/migration-file.ts';
import type { ShardPlan } from '../plan/plan.ts';
import type { Planner } from '../plan/planner.ts';
import { isConnectionLost } from '@switchyard/mysql/internal';
import { finishMigration, runMigration, type MigrationEnd } from './migration-run.ts';
import { PlanRefusedError } from './rollout-errors.ts';
import { ShardSession, type SessionOptions } from './shard-session.ts';

/** The work on one shard. */
export interface ShardWork {
  readonly shard: Shard;
  readonly direction: 'up' | 'down';
  /** The planned migrations, in order. */
  readonly plans: readonly ShardPlan[];
  /** Everything that was to be planned, in order; more than `plans` where one is half done. */
  readonly pending: readonly MigrationFile[];
  /** All known migrations: for the checksum of a half-done one. */
  readonly files: readonly MigrationFile[];
  readonly planner: Planner;
}

/** What a shard's run did. */
export interface ShardEnd {
  readonly migrations: readonly string[];
  readonly steps: number;
  readonly stallMs: number;
}

/**
 * Does a shard's work from wherever its ledger says it stands. A lost connection is taken up again
 * by the same way as a killed process: open the ledger, settle the open step, go on.
 */
export async function runShard(work: ShardWork, options: SessionOptions): Promise<ShardEnd> {
  const session = await ShardSession.open(work.shard, options);
  const ends: MigrationEnd[] = [];
  try {
    await untilDone(session, work, ends);
  } finally {
    await session.close();
  }
  return {
    migrations: ends.map(({ migration }) => migration),
    steps: ends.reduce((sum, { steps }) => sum + steps, 0),
    stallMs: ends.reduce((sum, { stallMs }) => sum + stallMs, 0),
  };
}

async function untilDone(
  session: ShardSession,
  work: ShardWork,
  ends: MigrationEnd[],
): Promise<void> {
  const deadlineAfter = session.policy.reconnectMs;
  let lostSince = 0;
  for (;;) {
    const finished = ends.length;
    try {
      return await doWork(session, work, ends);
    } catch (error) {
      if (!isConnectionLost(error)) throw error;
      if (ends.length > finished || lostSince === 0) lostSince = performance.now();
      if (performance.now() - lostSince > deadlineAfter) throw error;
      await session.reopen(ends.at(-1)?.migration ?? 'the first migration');
    }
  }
}

async function doWork(session: ShardSession, work: ShardWork, ends: MigrationEnd[]): Promise<void> {
  const rows = await readMigrationRows(session.connection, session.shard.name);
  const halfDone = await readHalfDone(session.connection, rows);
  if (halfDone !== undefined) {
    const file = work.files.find(({ name }) => name === halfDone.row.migration);
    ends.push(await finishMigration(session, halfDone, file?.checksum));
  }
  const now = halfDone === undefined ? rows : undefined;
  for (const plan of await remainingPlans(session, work, now)) {
    ends.push(await runMigration(session, plan));
  }
}

/**
 * What the ledger does not show as done yet; planned again where the plan rests on another state.
 * `known` is the ledger as it was read, undefined where it has changed since.
 */
async function remainingPlans(
  session: ShardSession,
  work: ShardWork,
  known: readonly LedgerRow[] | undefined,
): Promise<readonly ShardPlan[]> {
  const rows = known ?? (await readMigrationRows(session.connection, session.shard.name));
  const left = work.pending.filter((file) => !isThere(rows, file.name, work.direction));
  const planned = work.plans.filter(({ migration }) => left.some(({ name }) => name === migration));
  if (known !== undefined && planned.length === left.length) return planned;
  if (left.length === 0) return [];
  const plans = await work.planner.plan(
    { shard: session.shard.name, connection: session.connection },
    { migrations: left, direction: work.direction },
  );
  for (const { migration, refusals } of plans) {
    if (refusals[0] !== undefined) {
      throw new PlanRefusedError(session.shard.name, migration, refusals[0]);
    }
  }
  return plans;
}

/** True where the migration already is where `direction` leads. */
export function isThere(
  rows: readonly LedgerRow[],
  migration: string,
  direction: 'up' | 'down',
): boolean {
  return isApplied(rows, migration) === (direction === 'up');
}
