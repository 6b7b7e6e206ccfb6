import type { ThrottleReading } from '../throttle/throttler.ts';

/** What a copy is doing. */
export type CopyPhase =
  'preparing' | 'copying' | 'verifying' | 'waiting-for-cut-over' | 'cutting-over' | 'cleaning-up';

/** What a copy tells while it runs. All durations are in milliseconds. */
export type CopyEvent =
  | { readonly event: 'phase'; readonly table: string; readonly phase: CopyPhase }
  | {
      readonly event: 'progress';
      readonly table: string;
      readonly phase: CopyPhase;
      /** Rows written by chunks so far, those of earlier runs of the same copy included. */
      readonly rowsCopied: number;
      /** As the server estimates it: may be off by half, and is never used for a decision. */
      readonly rowsExpected: number;
      readonly rowsPerSecond: number;
      readonly etaMs: number | undefined;
      /** Changed keys that wait to be applied. */
      readonly backlog: number;
      readonly chunkRows: number;
      readonly chunkMs: number;
      readonly readings: readonly ThrottleReading[];
    }
  | { readonly event: 'throttled'; readonly table: string; readonly reason: string }
  | {
      readonly event: 'lock-waiting';
      readonly table: string;
      readonly attempt: number;
      readonly pauseMs: number;
      readonly reason: string;
    }
  | { readonly event: 'repaired'; readonly table: string; readonly rows: number }
  | { readonly event: 'swapped'; readonly table: string; readonly lockedMs: number };

/** Takes the events of a copy, in the order in which they happen. */
export type OnCopyEvent = (event: CopyEvent) => void;
