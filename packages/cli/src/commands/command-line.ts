import type { Fleet, OpenShard, Planner } from '@switchyard/migrator';
import type { LockFile } from '@switchyard/shard-context';
import type { SwitchyardConfig } from '../config/switchyard-config.ts';
import type { Screen } from '../output/screen.ts';

/** Exit codes. Documented in docs/cli.md; a pipeline may rely on them. */
export const EXIT = {
  /** Done, or nothing to do. */
  done: 0,
  /** Some shard failed, could not be reached, or is still pending. */
  pending: 1,
  /** The command line or the config is wrong. Nothing was changed. */
  usage: 2,
  /** The plan refuses; nothing was run. */
  refused: 3,
  /** An operator paused or aborted the rollout. */
  halted: 4,
} as const;

/** One of `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** What every command works with. */
export interface CommandLine {
  readonly config: SwitchyardConfig;
  /** Path of the config. */
  readonly path: string;
  readonly lockFile: LockFile;
  readonly fleet: Fleet;
  /** A planner with other permissions than this command line was given. */
  readonly plannerFor: (allow: readonly string[]) => Planner;
  /** Opens a connection without checking who answers. For `prepare`, `adopt` and `identify`. */
  readonly openUnchecked: OpenShard;
  readonly screen: Screen;
}

/** Options that all commands have. */
export interface SharedOptions {
  readonly config?: string | undefined;
  readonly json: boolean;
  readonly verbose: boolean;
}
