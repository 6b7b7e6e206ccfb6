import type { Shard } from '@switchyard/shard-context';

/** Which shards a wave takes. All that is given must hold; nothing given means all that are left. */
export interface WaveSelector {
  readonly shards?: readonly string[];
  readonly region?: string;
  readonly tag?: string;
  /** At most this many, in the rollout's order. */
  readonly count?: number;
  /** At most this share of all shards of the rollout, rounded up. 0 to 1. */
  readonly share?: number;
}

/**
 * When no further shard is begun. Shards that are at work finish. The failure of a canary always
 * ends the rollout. Default: at the first failure.
 */
export type StopPolicy =
  'first-failure' | { readonly failures: number } | { readonly failuresPerWave: number };

/**
 * Open transactions that may be cut off when they stand in the way of a lock. MySQL shows who holds
 * the table; on MariaDB every open transaction of the database is a candidate once a try has failed.
 */
export interface KillRule {
  /** Account name, without a host. Default: any. */
  readonly user?: string;
  /** How long the transaction has been open, at least. */
  readonly olderThanMs: number;
}

/** How a migration goes over the fleet. Every field has a default. */
export interface RolloutPolicy {
  /**
   * Shards that go first, alone. Default, where there is more than one: the shard that has the most
   * rows of the tables concerned.
   */
  readonly canary?: readonly string[];
  /** What follows, in order; what no wave names comes last, in one wave. Default: one wave. */
  readonly waves?: readonly WaveSelector[];
  /** Order inside each wave, by bytes of data. Default: as declared. */
  readonly order?: 'declared' | 'smallest-first' | 'largest-first';
  /** Most shards at work on one server. Default 4. */
  readonly perServer?: number;
  /** Most shards at work in one region. Default: no limit. */
  readonly perRegion?: number;
  /** Most shards at work. Default 16. */
  readonly total?: number;
  readonly stop?: StopPolicy;
  /** How long to wait after each wave before the next one. Default 0. */
  readonly holdMs?: number;
  /**
   * A shell command that is run after each hold; the rollout stops unless it exits with 0. It finds
   * the wave's name and shards in SWITCHYARD_WAVE and SWITCHYARD_SHARDS.
   */
  readonly healthCommand?: string;
  /** Longest wait for one lock on a table, in seconds, while new queries queue behind. 1 to 3. */
  readonly lockWaitSeconds?: number;
  /** How long to keep trying for the lock of one step. Default 120 s. */
  readonly lockDeadlineMs?: number;
  /** Transactions that may be cut off to get a lock. Default: none. */
  readonly kill?: readonly KillRule[];
  /** How long a lease lasts without being renewed. Default 30 s. */
  readonly leaseMs?: number;
  /** How long to try to reach a shard again whose connection was lost. Default 30 s. */
  readonly reconnectMs?: number;
}

/** A policy with its defaults filled in. */
export type FullPolicy = Required<Omit<RolloutPolicy, 'canary' | 'healthCommand'>> &
  Pick<RolloutPolicy, 'canary' | 'healthCommand'>;

/** Fills in the defaults. */
export function withDefaults(policy: RolloutPolicy = {}): FullPolicy {
  return {
    canary: policy.canary,
    waves: policy.waves ?? [],
    order: policy.order ?? 'declared',
    perServer: policy.perServer ?? 4,
    perRegion: policy.perRegion ?? Infinity,
    total: policy.total ?? 16,
    stop: policy.stop ?? 'first-failure',
    holdMs: policy.holdMs ?? 0,
    healthCommand: policy.healthCommand,
    lockWaitSeconds: Math.min(3, Math.max(1, policy.lockWaitSeconds ?? 2)),
    lockDeadlineMs: policy.lockDeadlineMs ?? 120_000,
    kill: policy.kill ?? [],
    leaseMs: policy.leaseMs ?? 30_000,
    reconnectMs: policy.reconnectMs ?? 30_000,
  };
}

/** Shards that run at the same time; the next wave begins when all of them have ended. */
export interface Wave {
  /** `canary`, `wave 1`, … */
  readonly name: string;
  readonly shards: readonly Shard[];
}
