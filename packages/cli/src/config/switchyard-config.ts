import type {
  MigrationSources,
  PlannerOptions,
  PlanPolicy,
  RolloutPolicy,
} from '@switchyard/migrator';
import type { ContextMissing } from '@switchyard/models';
import type { LockFile, Topology } from '@switchyard/shard-context';
import type { CheckJobsRequest } from '@switchyard/jobs/bullmq';

/**
 * What `switchyard.config.ts` exports as its default. Service, worker and command line share the
 * file; write `satisfies SwitchyardConfig` behind it, with a type-only import.
 */
export interface SwitchyardConfig {
  readonly topology: Topology;
  /** `switchyard.lock.json` beside the config: a `LockFile`, or where it lies. */
  readonly lockFile: LockFile | URL;
  /** The application's entities: what the plan checks drops and id strategies against. */
  readonly entities?: PlannerOptions['entities'];
  /** Migration classes, globs relative to the config, or the URL of a folder of migration files. */
  readonly migrations: MigrationSources | string | URL;
  /** The directory: `prepare` makes its tables as well, `adopt` assigns the tenants. */
  readonly directory?: {
    prepare(): Promise<void>;
    assign?(tenant: string, to: { shard: string }): Promise<unknown>;
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
