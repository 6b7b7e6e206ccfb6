import type { Connection } from 'mysql2/promise';
import type { DataSourceOptions } from 'typeorm';
import type { MigrationFile } from '../migrations/migration-file.ts';
import type { Direction, ShardPlan } from './plan.ts';

/** The permissions of a fleet, for every migration. */
export interface PlanPolicy {
  /** Tables with at most this many rows may be copied under a lock. Default 1000. */
  readonly smallTableRows?: number;
  /** Data statements may touch at most this many rows in their transaction. Default 10,000. */
  readonly dataRows?: number;
  /** A question to a shard's rows may take this many seconds while planning. Default 60. */
  readonly probeSeconds?: number;
  /**
   * What becomes of changes that rewrite a table in place: `allow` them (default), or `refuse` them
   * because a replica would stand still for as long as the primary took.
   */
  readonly rebuild?: 'allow' | 'refuse';
  /**
   * Whether the server may change tables by itself. `false`: every ALTER of columns, indexes and
   * options goes by shadow copy, also on small tables. Default true. Foreign keys, partitions and
   * renames of tables are always the server's.
   */
  readonly native?: boolean;
}

/** The rules of one planning session. */
export interface PlannerOptions {
  readonly policy?: PlanPolicy;
  /** Named permissions, one per dangerous clause: `drop-column:account.legacy`. */
  readonly allow?: readonly string[];
  /** Entities of the application, for migrations that use repositories and for the lint. */
  readonly entities?: DataSourceOptions['entities'];
  /** Look for blockers (open transactions, privileges) while planning. Default true. */
  readonly blockers?: boolean;
}

/** One shard to plan for. */
export interface PlanShard {
  readonly shard: string;
  /**
   * A connection to the shard's database that no one else uses meanwhile: planning changes its
   * default database and sets it back.
   */
  readonly connection: Connection;
}

/** What to plan: pending migrations in the order in which they would run. */
export interface PlanRequest {
  readonly migrations: readonly MigrationFile[];
  /** Default `up`. For `down`, migrations come last one first. */
  readonly direction?: Direction;
  /** Told when the work on a migration begins; not for a shard that is planned like another. */
  readonly onMigration?: (migration: string, number: number, of: number) => void;
}

/**
 * Plans migrations for the shards of a fleet. One planner remembers what it recorded, so that shards
 * whose server version and definitions are the same are planned by a few reads each. Calls may
 * overlap; each shard needs its own connection.
 */
export interface Planner {
  /**
   * One plan per migration, in order, each on top of those before it. Nothing on the shard is
   * changed; a scratch database on its server is made and dropped.
   * @throws ScratchRefusedError where no scratch database can be made
   * @throws TableNotMirroredError where a table cannot be made again from its own definition
   */
  plan(shard: PlanShard, request: PlanRequest): Promise<ShardPlan[]>;
}
