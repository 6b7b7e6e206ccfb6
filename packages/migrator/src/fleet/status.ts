import type { Connection } from 'mysql2/promise';
import type { Shard } from '@switchyard/shard-context';
import { readLease, type Control } from '../ledger/lease.ts';
import {
  findOpen,
  isApplied,
  readMigrationRows,
  type LedgerDirection,
  type LedgerRow,
} from '../ledger/ledger.ts';
import { Budget } from '../rollout/budget.ts';
import type { Failure } from '../rollout/events.ts';
import { failureOf } from '../rollout/failure.ts';
import { withDefaults } from '../rollout/rollout-policy.ts';
import type { Fleet } from '../rollout/fleet.ts';
import { changedSince, isNamed, unknownTo } from './files-and-ledger.ts';

/** A migration that a shard has. */
export interface AppliedMigration {
  readonly migration: string;
  readonly direction: LedgerDirection;
  readonly endedAt: Date | null;
  readonly who: string;
}

/** A migration that was begun and is not done. */
export interface OpenEntry {
  readonly migration: string;
  readonly direction: LedgerDirection;
  readonly since: Date;
  /** What went wrong, or null where the run ended without saying so. */
  readonly outcome: string | null;
}

/**
 * What a shard's own ledger says. `ready`: it has everything. `running`: someone works on it.
 * `interrupted`: a run ended in the middle. `unreadable`: see `failure`.
 */
export interface ShardStatus {
  readonly shard: string;
  readonly server: string;
  readonly region: string;
  readonly state:
    'ready' | 'pending' | 'running' | 'paused' | 'failed' | 'interrupted' | 'unreadable';
  /** In the order in which they ended. */
  readonly applied: readonly AppliedMigration[];
  readonly pending: readonly string[];
  readonly open: OpenEntry | undefined;
  readonly changed: readonly string[];
  readonly unknown: readonly string[];
  readonly lease: {
    readonly held: boolean;
    readonly who: string | undefined;
    readonly control: Control;
    readonly by: string | undefined;
  };
  readonly failure: Failure | undefined;
}

/** All shards, in the order of the topology. Derived from their ledgers and from nothing else. */
export interface FleetStatus {
  readonly shards: readonly ShardStatus[];
}

/** Reads the ledgers of all shards. A shard that cannot be read is in the answer, with the reason. */
export async function readFleetStatus(
  fleet: Pick<Fleet, 'topology' | 'open' | 'policy' | 'migrations'>,
): Promise<FleetStatus> {
  const budget = new Budget(withDefaults(fleet.policy));
  const { shards } = fleet.topology;
  return {
    shards: await Promise.all(
      shards.map((shard) => budget.run(shard, () => readShardStatus(fleet, shard))),
    ),
  };
}

async function readShardStatus(
  fleet: Pick<Fleet, 'open' | 'migrations'>,
  shard: Shard,
): Promise<ShardStatus> {
  let connection: Connection | undefined;
  try {
    connection = await fleet.open(shard);
    return await look(fleet, shard, connection);
  } catch (error) {
    return { ...unread(shard), failure: failureOf(error) };
  } finally {
    await connection?.end().catch(() => connection?.destroy());
  }
}

async function look(
  { migrations }: Pick<Fleet, 'migrations'>,
  shard: Shard,
  connection: Connection,
): Promise<ShardStatus> {
  const lease = await readLease(connection, shard.name);
  const rows = await readMigrationRows(connection, shard.name);
  const files = new Set(migrations.map(({ name }) => name));
  const open = await findOpen(connection, rows, files);
  const pending = migrations.filter(({ name }) => !isApplied(rows, name)).map(({ name }) => name);
  const held = { held: lease.held, who: lease.who ?? undefined };
  return {
    ...unread(shard),
    state: stateOf(lease, open, pending),
    applied: rows.filter(isInForce(rows)).map(appliedOf),
    pending,
    open: open && openOf(open),
    changed: changedSince(migrations, rows),
    unknown: unknownTo(migrations, rows),
    lease: { ...held, control: lease.control, by: lease.controlBy ?? undefined },
  };
}

function stateOf(
  lease: { readonly held: boolean; readonly control: Control },
  open: LedgerRow | undefined,
  pending: readonly string[],
): ShardStatus['state'] {
  if (lease.control === 'pause') return 'paused';
  if (lease.held) return 'running';
  if (open !== undefined) return open.state === 'failed' ? 'failed' : 'interrupted';
  return pending.length > 0 ? 'pending' : 'ready';
}

function isInForce(rows: readonly LedgerRow[]): (row: LedgerRow) => boolean {
  return ({ migration }) => isNamed(migration) && isApplied(rows, migration);
}

function appliedOf({ migration, direction, endedAt, who }: LedgerRow): AppliedMigration {
  return { migration, direction, endedAt, who };
}

function openOf({ migration, direction, startedAt, outcome }: LedgerRow): OpenEntry {
  return { migration, direction, since: startedAt, outcome };
}

function unread(shard: Shard): ShardStatus {
  return {
    shard: shard.name,
    server: shard.server.name,
    region: shard.server.region,
    state: 'unreadable',
    applied: [],
    pending: [],
    open: undefined,
    changed: [],
    unknown: [],
    lease: { held: false, who: undefined, control: 'run', by: undefined },
    failure: undefined,
  };
}
