import type { Shard } from '@switchyard/shard-context';
import {
  noteEnded,
  readHalfDone,
  readMigrationRows,
  type OpenMigration,
} from '../ledger/ledger.ts';
import { readLease } from '../ledger/lease.ts';
import { keptSteps } from '../plan/kept-steps.ts';
import type { Step } from '../plan/plan.ts';
import { Budget } from '../rollout/budget.ts';
import type { Failure } from '../rollout/events.ts';
import { failureOf } from '../rollout/failure.ts';
import type { Fleet } from '../rollout/fleet.ts';
import { withDefaults } from '../rollout/rollout-policy.ts';
import { ShardSession } from '../rollout/shard-session.ts';
import { isUnderWay, removeCopy } from '../shadow-copy/run-copy.ts';

/** A shadow copy that a killed run had left, and what became of it. */
export interface LeftCopy {
  readonly shard: string;
  readonly table: string;
  /** Why it is still there: it has swapped already, or another run has begun meanwhile. */
  readonly failure: Failure | undefined;
}

interface Found {
  readonly open: OpenMigration;
  /** The ledger's row of the step. */
  readonly seq: number;
  readonly step: Step;
}

/**
 * Removes the shadow copies that killed runs have left half done: each table is as it was, and its
 * migration is to be done again. Shards that cannot be reached are left out.
 */
export async function removeLeftCopies(fleet: Fleet): Promise<LeftCopy[]> {
  const budget = new Budget(withDefaults(fleet.policy));
  const { shards } = fleet.topology;
  const all = await Promise.all(
    shards.map((shard) => budget.run(shard, () => removeFrom(fleet, shard))),
  );
  return all.flatMap((one) => one ?? []);
}

async function removeFrom(fleet: Fleet, shard: Shard): Promise<LeftCopy | undefined> {
  let table: string | undefined;
  try {
    const looked = await look(fleet, shard);
    if (looked === undefined) return undefined;
    table = looked.found.step.table;
    await removeOne(fleet, shard, looked.options);
    return { shard: shard.name, table: table ?? '', failure: undefined };
  } catch (error) {
    if (table === undefined) return undefined; // the request to abort has told of it
    return { shard: shard.name, table, failure: failureOf(error) };
  }
}

async function look(
  fleet: Fleet,
  shard: Shard,
): Promise<{ found: Found; options: string } | undefined> {
  const connection = await fleet.open(shard);
  try {
    const { held, options } = await readLease(connection, shard.name);
    if (held) return undefined; // the run that is at work there removes its own
    const found = await findCopy(connection, shard.name);
    return found && { found, options: options ?? '{"direction":"up"}' };
  } finally {
    connection.destroy();
  }
}

/** Looks again under the lease: meanwhile another run may have gone on with it. */
async function removeOne(fleet: Fleet, shard: Shard, options: string): Promise<void> {
  const { open, author, policy } = fleet;
  const emit = () => undefined;
  const rules = { open, author, policy: withDefaults(policy), emit, options };
  const session = await ShardSession.open(shard, rules);
  try {
    const found = await findCopy(session.connection, shard.name);
    if (found === undefined) return;
    await removeCopy(found.step, { connect: () => session.connect() });
    const outcome = `${author.who} asked for abort; the copy was removed`;
    await noteEnded(session.connection, found.seq, { state: 'failed', outcome });
    await noteEnded(session.connection, found.open.row.seq, { state: 'failed', outcome });
  } finally {
    await session.close();
  }
}

async function findCopy(
  connection: ShardSession['connection'],
  shard: string,
): Promise<Found | undefined> {
  const open = await readHalfDone(connection, await readMigrationRows(connection, shard));
  const last = open?.steps.at(-1);
  if (open === undefined || last?.state !== 'started') return undefined;
  const step = keptSteps(open.plan)[last.step - 1];
  if (step?.path !== 'shadow-copy' || !(await isUnderWay(connection, step))) return undefined;
  return { open, seq: last.seq, step };
}
