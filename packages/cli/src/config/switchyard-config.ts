import type {
  MigrationSources,
  PlannerOptions,
  PlanPolicy,
  RolloutPolicy,
} from '@switchyard/migrator';
import type { AuditOptions, AuditReport, RebuildOptions, Repair } from '@switchyard/directory';
import type { ContextMissing } from '@switchyard/models';
import type { LockFile, Topology } from '@switchyard/shard-context';
import type { SwitchyardFleet } from '@switchyard/fleet';
import type { CheckJobsRequest } from '@switchyard/jobs/bullmq';

/**
 * What the command line works with. `switchyard.config.ts` exports a fleet of `defineFleet` as its
 * default, from which this is taken; a service that puts its parts together by hand exports this
 * itself, with `satisfies SwitchyardConfig` behind it and a type-only import.
 */
export interface SwitchyardConfig {
  readonly topology: Topology;
  /** `switchyard.lock.json` beside the config: a `LockFile`, or where it lies. */
  readonly lockFile: LockFile | URL;
  /** The application's entities: what the plan checks drops and id strategies against. */
  readonly entities?: PlannerOptions['entities'];
  /** Migration classes, globs relative to the config, or the URL of a folder of migration files. */
  readonly migrations: MigrationSources | string;
  /** `prepare` makes its tables as well, `adopt` assigns the tenants, `directory` audits it. */
  readonly directory?: {
    prepare(): Promise<void>;
    assign?(tenant: string, to: { shard: string }): Promise<unknown>;
    audit?(options: AuditOptions): Promise<AuditReport>;
    rebuild?(options: RebuildOptions): AsyncIterable<Repair>;
    close?(): Promise<void>;
  };
  /**
   * While `contextMissing: 'report'` is set: the `ContextMissingFile` that the service writes, for
   * `status` to print.
   */
  readonly contextMissing?: { read(): readonly ContextMissing[] };
  /** How migrations go over the fleet. */
  readonly rollout?: RolloutPolicy;
  /** What a plan may contain. */
  readonly plan?: PlanPolicy;
  /** The queues that `switchyard jobs check` looks at. */
  readonly jobs?: JobsConfig;
  /** Closes what the config opened. Default: `directory.close()`. */
  close?(): Promise<void>;
}

/** Where the jobs wait. */
export interface JobsConfig {
  /** Names of the BullMQ queues. */
  readonly queues: readonly string[];
  /** ioredis options or a client of the Redis server; asked for when the command runs. */
  readonly connection: () => unknown;
  /** BullMQ's key prefix. Default `bull`. */
  readonly prefix?: string;
  /** The keys by which the service signs and reads its jobs, where it does. */
  readonly signing?: CheckJobsRequest['signing'];
}

/** The part of a fleet that the command line works with. */
export function configOfFleet(fleet: SwitchyardFleet): SwitchyardConfig {
  const { topology, lockFile, migrations, directory, contextMissing } = fleet;
  const { entities, rollout, plan, jobs } = fleet.options;
  return {
    ...{ topology, lockFile, entities, migrations, directory },
    ...(contextMissing !== undefined && { contextMissing }),
    ...(rollout !== undefined && { rollout }),
    ...(plan !== undefined && { plan }),
    ...(jobs !== undefined && { jobs: jobsOf(jobs) }),
    close: () => fleet.close(),
  };
}

function jobsOf(jobs: NonNullable<SwitchyardFleet['options']['jobs']>): JobsConfig {
  const { onGone, retryAfterMs, ...read } = jobs; // how jobs are sent is nothing that is checked
  void [onGone, retryAfterMs];
  return read;
}
