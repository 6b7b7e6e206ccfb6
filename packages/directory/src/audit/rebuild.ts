import { randomUUID } from 'node:crypto';
import { outsideContext, type FoundShardTenant, type Placement } from '@switchyard/shard-context';
import { ownerAmong } from '../placement/owner-among.ts';
import { audit, lookAgain, type AuditParts } from './audit.ts';
import type { Finding } from './finding.ts';

/** Which side is right where they contradict each other. */
export type RightSide = 'shards' | 'directory';

/** The parts of a rebuild. */
export interface RebuildOptions {
  /** Which side is right; only an operator can know. */
  readonly from: RightSide;
  /** These tenants only. Default: all that an audit finds. */
  readonly tenants?: readonly string[] | undefined;
}

/** What became of one finding. */
export interface Repair extends Finding {
  /** False where that side says nothing that can be followed; nothing was changed then. */
  readonly repaired: boolean;
}

/** What a rebuild works on. */
export interface RebuildParts extends AuditParts {
  readonly settle: (tenant: string) => Promise<unknown>;
  readonly compareAndSet: (fromEpoch: number, to: Placement) => Promise<Placement>;
  readonly insertPlacement: (placement: Placement) => Promise<Placement>;
}

/**
 * Lets one side follow the other, a tenant at a time. At most one shard takes a tenant's writes at
 * every moment: a shard that is to stop is stopped before another begins. What a killed process has
 * left is settled first. Repeated after a kill, it goes on.
 * @throws what directory and shards answer; the repairs made before stay
 */
export async function* rebuild(
  parts: RebuildParts,
  { from, tenants }: RebuildOptions,
): AsyncGenerator<Repair> {
  const names = tenants ?? (await audit(parts)).findings.map(({ tenant }) => tenant);
  for (const tenant of names) {
    const before = await outsideContext(() => lookAgain(parts, tenant));
    if (before === undefined) continue;
    await outsideContext(() => repair(parts, before, from));
    const after = await outsideContext(() => lookAgain(parts, tenant));
    yield { ...before, repaired: after === undefined };
  }
}

async function repair(parts: RebuildParts, finding: Finding, from: RightSide): Promise<void> {
  if (finding.finding === 'unfinished') {
    await parts.settle(finding.tenant);
    return;
  }
  if (from === 'shards') await followShards(parts, finding);
  else if (finding.placement !== undefined)
    await followDirectory(parts, finding.placement, finding);
}

/** The directory says what the one shard says that has the tenant. */
async function followShards(parts: RebuildParts, { placement, rows }: Finding): Promise<void> {
  const { owner } = ownerAmong(rows);
  if (owner === undefined) return; // several, or none: the shards name no owner
  const { shard, row } = owner;
  const state = row.state === 'active' ? 'active' : 'frozen';
  const to = { tenant: row.tenant, shard, epoch: row.epoch, state } as const;
  if (placement === undefined) {
    await parts.insertPlacement({ ...to, homeRegion: undefined, allowedRegions: undefined });
  } else if (row.epoch > placement.epoch) {
    await parts.compareAndSet(placement.epoch, { ...placement, ...to });
  } else if (row.state === 'active') {
    await agreeAnew(parts, placement, owner);
  }
}

/** The shard that the directory names takes the tenant's writes, and no other does. */
async function followDirectory(
  parts: RebuildParts,
  placement: Placement,
  { rows }: Finding,
): Promise<void> {
  const { shard, tenant } = placement;
  for (const other of rows) {
    if (other.shard !== shard && other.row.state === 'active') await stop(parts, other, shard);
  }
  const here = rows.find((found) => found.shard === shard);
  const highest = Math.max(placement.epoch, ...rows.map(({ row }) => row.epoch)) + 2;
  if (here === undefined) {
    const told: Placement = { ...placement, epoch: highest + 1, state: 'active' };
    await parts.compareAndSet(placement.epoch, told);
    await parts.tenants.admit(shard, tenant, told.epoch);
  } else if (here.row.state === 'active') {
    await agreeAnew(parts, placement, here);
  } else if (here.row.state === 'moved' || here.row.state === 'removed') {
    const arrival = { shard, tenant, epoch: highest, mover: tokenOf() };
    await parts.tenants.expect(arrival);
    const told: Placement = { ...placement, epoch: highest + 1, state: 'active' };
    await parts.compareAndSet(placement.epoch, told);
    const change = { shard, tenant, fromEpoch: highest, toEpoch: told.epoch };
    await parts.tenants.activate(change);
  }
}

/** Both get an epoch that neither had: the shard is frozen until the directory has it. */
async function agreeAnew(
  { tenants, compareAndSet }: RebuildParts,
  placement: Placement,
  { shard, row }: FoundShardTenant,
): Promise<void> {
  const { tenant, epoch: fromEpoch } = row;
  if (placement.shard === shard && placement.epoch === fromEpoch && placement.state === 'active') {
    return; // only other shards had to stop
  }
  const toEpoch = Math.max(placement.epoch, fromEpoch) + 1;
  const freeze = { shard, tenant, fromEpoch, toEpoch, movingTo: shard, mover: tokenOf() };
  await tenants.freeze(freeze);
  const agreed: Placement = { ...placement, shard, epoch: toEpoch + 1, state: 'active' };
  await compareAndSet(placement.epoch, agreed);
  await tenants.thaw({ shard, tenant, fromEpoch: toEpoch, toEpoch: agreed.epoch });
}

/** active → moved, when none of the tenant's transactions is open there any more. */
async function stop(
  { tenants }: RebuildParts,
  { shard, row }: FoundShardTenant,
  movedTo: string,
): Promise<void> {
  const { tenant, epoch: fromEpoch } = row;
  const mover = tokenOf();
  const held = fromEpoch + 1;
  const at = { shard, tenant };
  await tenants.freeze({ ...at, fromEpoch, toEpoch: held, movingTo: movedTo, mover });
  await tenants.seal({ ...at, epoch: held, mover });
  await tenants.retire({ ...at, fromEpoch: held, toEpoch: held + 1, movedTo });
}

function tokenOf(): string {
  return `rebuild-${randomUUID()}`;
}
