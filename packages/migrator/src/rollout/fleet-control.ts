import type { Shard } from '@switchyard/shard-context';
import { clearAbort, readLease, setControl, type Control, type LeaseRow } from '../ledger/lease.ts';
import { Budget } from './budget.ts';
import type { Failure } from './events.ts';
import { failureOf } from './failure.ts';
import { withDefaults } from './rollout-policy.ts';
import type { Fleet } from './fleet.ts';

/** What became of a request to one shard. */
export interface ControlOutcome {
  readonly shard: string;
  /** The lease and control of the shard after the request. */
  readonly lease: LeaseRow | undefined;
  readonly failure: Failure | undefined;
}

/**
 * Writes what an operator asks for to every shard that can be reached. A running rollout sees it
 * before its next step on a shard, from whatever terminal it was started.
 */
export function askFleet(
  fleet: Pick<Fleet, 'topology' | 'open' | 'author' | 'policy'>,
  control: Control,
  shards: readonly Shard[] = fleet.topology.shards,
): Promise<ControlOutcome[]> {
  return onEachLease(fleet, shards, async (shard, connection) => {
    await setControl(connection, shard.name, control, fleet.author.who);
  });
}

/** Reads the lease of every shard. */
export function readLeases(
  fleet: Pick<Fleet, 'topology' | 'open' | 'author' | 'policy'>,
): Promise<ControlOutcome[]> {
  return onEachLease(fleet, fleet.topology.shards, () => Promise.resolve());
}

/** A shard on which an abort is taken back, and when that abort was asked for; null: whenever. */
export interface Aborted {
  readonly shard: Shard;
  readonly at: Date | null;
}

/** Takes aborts back where no one works: they were for a run that is over. */
export async function clearAborts(fleet: Fleet, aborted: readonly Aborted[]): Promise<void> {
  const shards = aborted.map(({ shard }) => shard);
  await onEachLease(fleet, shards, async (shard, connection) => {
    const at = aborted.find((one) => one.shard === shard)?.at ?? null;
    await clearAbort(connection, fleet.author.who, at);
  });
}

async function onEachLease(
  fleet: Pick<Fleet, 'open' | 'policy'>,
  shards: readonly Shard[],
  work: (shard: Shard, connection: Awaited<ReturnType<Fleet['open']>>) => Promise<void>,
): Promise<ControlOutcome[]> {
  const budget = new Budget(withDefaults(fleet.policy));
  const one = async (shard: Shard): Promise<ControlOutcome> => {
    let connection: Awaited<ReturnType<Fleet['open']>> | undefined;
    try {
      connection = await fleet.open(shard);
      await work(shard, connection);
      const lease = await readLease(connection, shard.name);
      return { shard: shard.name, lease, failure: undefined };
    } catch (error) {
      return { shard: shard.name, lease: undefined, failure: failureOf(error) };
    } finally {
      await connection?.end().catch(() => connection?.destroy());
    }
  };
  return Promise.all(shards.map((shard) => budget.run(shard, () => one(shard))));
}
