import { performance } from 'node:perf_hooks';
import type { Connection } from 'mysql2/promise';
import type { Shard } from '@switchyard/shard-context';
import { readSchema } from '../drift/read-schema.ts';
import { differencesOf, type Schema } from '../drift/table-differences.ts';
import { readLease } from '../ledger/lease.ts';
import { isApplied, readHalfDone, readMigrationRows, type LedgerRow } from '../ledger/ledger.ts';
import type { MigrationFile } from '../migrations/migration-file.ts';
import type { PlanRefusal, ShardPlan } from '../plan/plan.ts';
import { Budget } from '../rollout/budget.ts';
import { failureOf } from '../rollout/failure.ts';
import { withDefaults } from '../rollout/rollout-policy.ts';
import { isThere } from '../rollout/shard-run.ts';
import { driftOf } from './drift-of-plans.ts';
import { changedSince, unknownTo } from './files-and-ledger.ts';
import type { Fleet } from '../rollout/fleet.ts';
import type { PlanningEvent } from './planning-event.ts';
import type { Forecast, RolloutRequest } from '../rollout/shard-forecast.ts';

/**
 * Looks at every shard and plans it. Nothing is changed. Budgets per server are kept. `emit` is told
 * of each shard and migration when the work on it begins.
 */
export async function forecastFleet(
  fleet: Fleet,
  request: RolloutRequest,
  emit: (event: PlanningEvent) => void = () => undefined,
): Promise<Forecast[]> {
  const begun = performance.now();
  const budget = new Budget(withDefaults(fleet.policy));
  const names = request.only && [...new Set(request.only)]; // one shard is worked on once
  const named = names?.map((name) => fleet.topology.shard(name));
  const shards = named ?? fleet.topology.shards;
  const forecasts = await Promise.all(
    shards.map((shard) =>
      budget.run(shard, () => forecastShard(fleet, shard, { ...request, begun, emit })),
    ),
  );
  return driftOf(forecasts, request.allow ?? [], async (shard, sibling) => {
    const schemaOf = (one: Shard) => budget.run(one, () => readSchemaOf(fleet, one));
    return differencesOf(await schemaOf(shard), await schemaOf(sibling));
  });
}

async function readSchemaOf(fleet: Fleet, shard: Shard): Promise<Schema> {
  const connection = await fleet.open(shard);
  try {
    return await readSchema(connection);
  } finally {
    await connection.end().catch(() => connection.destroy());
  }
}

interface Looking extends RolloutRequest {
  /** When the look at the fleet began, as `performance.now()` says it. */
  readonly begun: number;
  readonly emit: (event: PlanningEvent) => void;
}

async function forecastShard(fleet: Fleet, shard: Shard, request: Looking): Promise<Forecast> {
  const nothing = emptyForecast(shard, request.direction);
  let connection: Connection | undefined;
  try {
    connection = await fleet.open(shard);
    return { ...nothing, ...(await look(fleet, shard, connection, request)) };
  } catch (error) {
    return { ...nothing, failure: failureOf(error) };
  } finally {
    await connection?.end().catch(() => connection?.destroy());
  }
}

async function look(
  fleet: Fleet,
  shard: Shard,
  connection: Connection,
  { begun, emit, ...request }: Looking,
): Promise<Partial<Forecast>> {
  const lease = await readLease(connection, shard.name);
  const rows = await readMigrationRows(connection, shard.name);
  const half = await readHalfDone(connection, rows);
  const pending = pendingOf(fleet.migrations, rows, request);
  const seen = {
    pending,
    changed: changedSince(fleet.migrations, rows),
    unknown: unknownTo(fleet.migrations, rows),
    control: {
      asked: lease.control,
      by: lease.controlBy ?? undefined,
      at: lease.controlAt,
      meanwhile: lease.controlAgeMs !== null && lease.controlAgeMs < performance.now() - begun,
    },
    halfDone: half && {
      migration: half.row.migration,
      stepsDone: half.steps.filter(({ state }) => state === 'done').length,
    },
  };
  if (pending.length === 0 || half !== undefined) return seen;
  const { name } = shard;
  emit({ event: 'planning-started', shard: name, migrations: pending.length });
  const plans = await fleet.planner.plan(
    { shard: name, connection },
    {
      migrations: pending,
      direction: request.direction,
      onMigration: (migration, number, of) =>
        emit({ event: 'planning', shard: name, migration, number, of }),
    },
  );
  return { ...seen, plans, refusals: plans.flatMap(refusalsOf) };
}

/** Refusals, and what stands in the way and does not go away while one waits. */
function refusalsOf(plan: ShardPlan): PlanRefusal[] {
  const lasting = plan.blockers.filter(
    ({ kind, advisory }) => advisory !== true && (kind === 'privilege' || kind === 'disk'),
  );
  return [
    ...plan.refusals,
    ...lasting.map(({ kind, table, reason, remedy }) => ({
      rule: kind.toUpperCase(),
      table,
      clause: plan.migration,
      reason,
      remedy,
    })),
  ];
}

function pendingOf(
  files: readonly MigrationFile[],
  rows: readonly LedgerRow[],
  { direction, to }: RolloutRequest,
): MigrationFile[] {
  if (direction === 'down') {
    return files.filter(({ name }) => name === to && isApplied(rows, name));
  }
  const last = to === undefined ? files.length - 1 : files.findIndex(({ name }) => name === to);
  return files.slice(0, last + 1).filter(({ name }) => !isThere(rows, name, 'up'));
}

/** The answer for a shard that was not looked at yet. */
function emptyForecast(shard: Shard, direction: 'up' | 'down'): Forecast {
  return {
    shard,
    direction,
    plans: [],
    pending: [],
    halfDone: undefined,
    changed: [],
    unknown: [],
    control: { asked: 'run', by: undefined, at: null, meanwhile: false },
    refusals: [],
    failure: undefined,
  };
}
