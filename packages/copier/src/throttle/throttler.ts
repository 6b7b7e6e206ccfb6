/** One thing that a throttler watches, with its limit and its present value. */
export interface ThrottleReading {
  /** `replica lag us1-r1`, `running threads`. */
  readonly name: string;
  /** undefined where it could not be observed: then the copy waits. */
  readonly value: number | undefined;
  readonly limit: number;
  /** `ms`, `threads`, `reads/s`. */
  readonly unit: string;
}

/** Whether the next transaction may begin. */
export interface ThrottleDecision {
  readonly go: boolean;
  /** Why it has to wait: one sentence without a full stop. undefined where it may go. */
  readonly reason: string | undefined;
  /** The watched quantity, for progress and `status`. */
  readonly readings: readonly ThrottleReading[];
}

/**
 * Slows a copy down for the sake of others. Asked between transactions, never inside one: an open
 * read view stops the purge of old row versions for as long as we wait. Answers from what it has
 * measured lately; a call may take a few milliseconds, not a round over all replicas.
 */
export interface Throttler {
  decide(): Promise<ThrottleDecision>;
}

/** Lets everything go. */
export const noThrottler: Throttler = {
  decide: () => Promise.resolve({ go: true, reason: undefined, readings: [] }),
};

/** The strictest of several: waits while any of them says so, and shows the readings of all. */
export function strictestOf(throttlers: readonly Throttler[]): Throttler {
  return {
    async decide() {
      const decisions = await Promise.all(throttlers.map((throttler) => throttler.decide()));
      const reasons = decisions.filter(({ go }) => !go).map(({ reason }) => reason ?? 'no reason');
      return {
        go: reasons.length === 0,
        reason: reasons.length === 0 ? undefined : reasons.join('; '),
        readings: decisions.flatMap(({ readings }) => readings),
      };
    },
  };
}
