import type { PlanRefusal, Step } from '../plan/plan.ts';

/**
 * How one shard came out of a rollout. `unplanned`: its ledger or schema could not be read.
 * `untouched`: the rollout stopped before its turn. `halted`: an operator asked for it.
 */
export type ShardResult =
  | 'done'
  | 'nothing-to-do'
  | 'failed'
  | 'refused'
  | 'unreachable'
  | 'unplanned'
  | 'untouched'
  | 'halted';

/** An error as events and reports carry it: never a stack, never a secret. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** How one shard came out, with what it takes to go on. */
export interface ShardOutcome {
  readonly shard: string;
  readonly result: ShardResult;
  /** Migrations that were finished here by this run. */
  readonly migrations: readonly string[];
  /** Statements that this run sent and saw done. */
  readonly steps: number;
  readonly durationMs: number;
  /** How long others waited behind lock requests of this run. */
  readonly stallMs: number;
  readonly failure?: Failure;
  readonly refusals?: readonly PlanRefusal[];
}

/** What a rollout tells while it runs; `--json` prints one per line. */
export type RolloutEvent =
  | {
      readonly event: 'rollout-started';
      readonly rollout: string;
      readonly direction: 'up' | 'down';
      readonly waves: readonly { readonly name: string; readonly shards: readonly string[] }[];
    }
  | { readonly event: 'wave-started'; readonly wave: string; readonly shards: readonly string[] }
  | { readonly event: 'wave-ended'; readonly wave: string; readonly failed: number }
  | { readonly event: 'holding'; readonly wave: string; readonly holdMs: number }
  | { readonly event: 'health-failed'; readonly wave: string; readonly exitCode: number }
  | { readonly event: 'shard-started'; readonly shard: string; readonly steps: number }
  | {
      readonly event: 'migration-started' | 'migration-ended';
      readonly shard: string;
      readonly migration: string;
    }
  | {
      readonly event: 'step-started';
      readonly shard: string;
      readonly migration: string;
      readonly step: number;
      readonly of: number;
      readonly table: string | undefined;
      readonly clause: string;
      readonly path: Step['path'];
      readonly rows: number;
    }
  | {
      readonly event: 'step-progress';
      readonly shard: string;
      readonly step: number;
      /** Share of the statement that is done, 0 to 1, as the server says it. */
      readonly done: number;
      readonly rowsPerSecond: number;
      readonly etaMs: number;
      /** Rows of a shadow copy: how many there are is the server's estimate. */
      readonly rows?: { readonly copied: number; readonly expected: number };
    }
  | {
      readonly event: 'step-ended';
      readonly shard: string;
      readonly migration: string;
      readonly step: number;
      readonly of: number;
      readonly durationMs: number;
      readonly stallMs: number;
      /** `ran`, or how the step's outcome was settled without running it. */
      readonly how: 'ran' | 'already-there' | 'settled';
    }
  | {
      readonly event: 'lock-waiting';
      readonly shard: string;
      readonly table: string;
      readonly attempt: number;
      readonly pauseMs: number;
      readonly blockers: readonly string[];
    }
  | { readonly event: 'blocker-killed'; readonly shard: string; readonly blocker: string }
  | { readonly event: 'connection-lost'; readonly shard: string; readonly during: string }
  | { readonly event: 'paused' | 'resumed'; readonly shard: string; readonly by: string }
  | ({ readonly event: 'shard-ended' } & ShardOutcome)
  | {
      readonly event: 'rollout-ended';
      readonly rollout: string;
      readonly stopped: string | undefined;
      readonly outcomes: readonly ShardOutcome[];
    };

/** Takes the events of a rollout, in the order in which they happen. */
export type OnEvent = (event: RolloutEvent) => void;
