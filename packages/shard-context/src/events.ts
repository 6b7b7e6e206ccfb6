import { channel, type Channel } from 'node:diagnostics_channel';
import type { Place, Role } from './frame.ts';

/** Published when code uses a scope that is already over (a forgotten await). */
export interface LateUse {
  /** The attempted operation. */
  readonly attempted: string;
  /** Where it ran: the place of the scope that is over, never that of the scope now running. */
  readonly place: Place | undefined;
  /** The stack at which the scope was opened. */
  readonly openedAt: string;
}

/** Published when a named escape is used: `unlocked`, `unfenced`, `writable`, `withoutEntity`, `withGivenId`. */
export interface Escape {
  readonly escape: 'unlocked' | 'unfenced' | 'writable' | 'withoutEntity' | 'withGivenId';
  /** The reason that the caller gave. */
  readonly reason: string;
  readonly place: Place | undefined;
}

/** One statement that a sharded data source sent. Neither its text nor its values are in it. */
export interface ShardQuery {
  readonly fleet: string;
  readonly shard: string;
  /** Which role's connection it ran on. */
  readonly role: Role;
  readonly tenant: string | undefined;
  /** Its verb in upper case: `SELECT`. */
  readonly verb: string;
  /** Milliseconds from sending to the whole answer. */
  readonly durationMs: number;
  readonly failed: boolean;
}

/**
 * The diagnostics channels of the core and of sharded data sources, by topic. Nothing is computed
 * for a channel without a subscriber. No message carries secrets, routing keys or SQL parameters.
 */
export const channels = {
  lateUse: channel('switchyard:late-use') as Channel<unknown, LateUse>,
  escape: channel('switchyard:escape') as Channel<unknown, Escape>,
  /** Every statement of every sharded data source, after its end. Published by `models`. */
  query: channel('switchyard:query') as Channel<unknown, ShardQuery>,
} as const;
