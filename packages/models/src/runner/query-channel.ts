import { channel, type Channel } from 'node:diagnostics_channel';
import type { Role } from '@switchyard/shard-context';

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

/** Every statement of every sharded data source, after its end: `switchyard:query`. */
export const queryChannel = channel('switchyard:query') as Channel<unknown, ShardQuery>;
