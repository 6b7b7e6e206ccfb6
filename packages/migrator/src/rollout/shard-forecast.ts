import type { Shard } from '@switchyard/shard-context';
import type { Control } from '../ledger/lease.ts';
import type { MigrationFile } from '../migrations/migration-file.ts';
import type { PlanRefusal, ShardPlan } from '../plan/plan.ts';
import type { Failure } from './events.ts';

/** Which migrations, which way, on which shards. */
export interface RolloutRequest {
  readonly direction: 'up' | 'down';
  /** Up: the last migration to run. Down: the only one to revert. Default: all; the latest. */
  readonly to?: string;
  /** Names of shards. Default: all. */
  readonly only?: readonly string[];
  /** Named permissions, kept so that `resume` has them too. */
  readonly allow?: readonly string[];
}

/** What an operator has asked for, as a shard says it. */
interface AskedControl {
  readonly asked: Control;
  readonly by: string | undefined;
  readonly at: Date | null;
  /** True where it was asked while this fleet was being planned: it means the run that is about to begin. */
  readonly meanwhile: boolean;
}

/** What one shard has, and what will be done there. */
export interface Forecast {
  readonly shard: Shard;
  readonly direction: 'up' | 'down';
  readonly plans: readonly ShardPlan[];
  /** The migrations to run, in order; `plans` covers it unless one is half done. */
  readonly pending: readonly MigrationFile[];
  /** A migration that an earlier run left half done; it is finished first. */
  readonly halfDone: { readonly migration: string; readonly stepsDone: number } | undefined;
  /** Migrations whose file is not the one that ran here. */
  readonly changed: readonly string[];
  /** Migrations that ran here and that no file is known for. */
  readonly unknown: readonly string[];
  readonly control: AskedControl;
  /** Why nothing can run here, one entry per reason. */
  readonly refusals: readonly PlanRefusal[];
  /** Why the shard could not be looked at or planned. */
  readonly failure: Failure | undefined;
}
