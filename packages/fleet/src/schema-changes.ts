import { fileURLToPath } from 'node:url';
import {
  createPlanner,
  forecastFleet,
  loadMigrations,
  prepareFleet,
  rollOut,
  thisAuthor,
  type Fleet,
  type MigrationSources,
  type PrepareRequest,
  type RolloutReport,
  type RolloutRequest,
} from '@switchyard/migrator';
import { connectToShard } from '@switchyard/mysql';
import type { LockFile, Topology } from '@switchyard/shard-context';
import type { FleetOptions } from './fleet-options.ts';

/** The parts of a fleet that a change of its schema needs. */
export interface SchemaParts {
  readonly topology: Topology;
  readonly lockFile: LockFile;
  readonly directory: { prepare(): Promise<void> };
  readonly migrations: MigrationSources;
  readonly options: Pick<FleetOptions, 'config' | 'entities' | 'plan' | 'rollout'>;
}

/** Options of `fleet.prepare()`. */
export type PrepareOptions = Pick<
  PrepareRequest,
  'allWritersInterleaved' | 'createDatabases' | 'schema'
>;

/** Options of `fleet.migrate()`. */
export interface MigrateOptions {
  /** The last migration to run. Default: the newest. */
  readonly to?: string;
  /** Dangerous steps that are meant, as the plan names them. */
  readonly allow?: readonly string[];
}

/** What `switchyard prepare` does. */
export async function prepare(fleet: SchemaParts, options: PrepareOptions): Promise<void> {
  const { topology, lockFile, directory } = fleet;
  const openUnchecked: PrepareRequest['openUnchecked'] = (shard) =>
    connectToShard(topology, shard.name, { identity: 'unchecked' });
  const migrated = await migratedFleet(fleet, []);
  await prepareFleet({ topology, lockFile, fleet: migrated, openUnchecked, directory, ...options });
}

/** What `switchyard migrate` does. */
export async function migrate(
  fleet: SchemaParts,
  { to, allow = [] }: MigrateOptions,
): Promise<RolloutReport> {
  const migrated = await migratedFleet(fleet, allow);
  const request: RolloutRequest = { direction: 'up', allow, ...(to !== undefined && { to }) };
  return rollOut(migrated, request, await forecastFleet(migrated, request));
}

async function migratedFleet(
  { topology, lockFile, migrations, options }: SchemaParts,
  allow: readonly string[],
): Promise<Fleet> {
  const { config, plan, entities, rollout = {} } = options;
  const from = fileURLToPath(new URL('.', config));
  return {
    topology,
    open: (shard) => connectToShard(topology, shard.name, { identity: 'checked', lockFile }),
    author: thisAuthor(),
    policy: rollout,
    migrations: await loadMigrations(migrations, { from }),
    planner: createPlanner({ entities, allow, ...(plan !== undefined && { policy: plan }) }),
  };
}
