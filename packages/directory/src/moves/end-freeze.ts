import type { Placement, ShardTenant, ShardTenants } from '@switchyard/shard-context';
import type { SwitchStep } from './tenant-move.ts';

/** Where placements are read past every cache, and changed by compare-and-set. */
export interface PlacementBook {
  readPlacement(tenant: string): Promise<Placement | undefined>;
  /** @throws PlacementChangedError where the epoch is another one */
  compareAndSet(fromEpoch: number, to: Placement): Promise<Placement>;
}

/** What a freeze is ended with. */
export interface EndingTools {
  readonly book: PlacementBook;
  readonly tenants: ShardTenants;
  /** Runs one effect; a process may be killed before it. */
  readonly step: <T>(name: SwitchStep, effect: () => Promise<T>) => Promise<T>;
}

/** A row whose tenant may not write, on the shard that has its rows. */
export type HeldRow = ShardTenant & { readonly state: 'frozen' | 'sealed' };

/** A freeze that stands, as it was read. */
export interface StandingFreeze {
  readonly placement: Placement;
  /** The shard that is frozen or sealed, and its row. */
  readonly source: string;
  readonly row: HeldRow;
}

/** True where the tenant's writes are stopped on the shard. */
export function isHeld(row: ShardTenant | undefined): row is HeldRow {
  return row?.state === 'frozen' || row?.state === 'sealed';
}

/**
 * Ends a freeze towards its source. The directory is changed first, by compare-and-set, so that the
 * mover's own switch must fail; only then does the shard take writes again. Where the row is sealed,
 * the mover may be about to switch: so the target is told before that the tenant does not come.
 * Undefined where the target is active: then the switch has happened, whatever the directory says.
 * @throws PlacementChangedError where another was first, and what directory and shards answer
 */
export async function endFreeze(
  tools: EndingTools,
  { placement, source, row }: StandingFreeze,
): Promise<Placement | undefined> {
  // A freeze that is not sealed needs no answer of the target, which may be down for good.
  const target = row.state === 'sealed' ? await readTarget(tools, row) : undefined;
  if (target?.state === 'active' && target.epoch > row.epoch) return undefined;
  const epoch = Math.max(placement.epoch, row.epoch, target?.epoch ?? 0) + 1;
  await removeArrival(tools, row, { target, epoch });
  const to: Placement = { ...placement, shard: source, epoch, state: 'active' };
  const ended = await tools.step('thaw:directory', () =>
    tools.book.compareAndSet(placement.epoch, to),
  );
  await thaw(tools, source, { row, epoch });
  return ended;
}

/** incoming → removed on the target of a freeze that was given up: another mover need not wait. */
export async function forgetArrival(
  tools: EndingTools,
  row: ShardTenant,
  epoch: number,
): Promise<void> {
  await removeArrival(tools, row, { target: await readTarget(tools, row), epoch });
}

/** frozen or sealed → active, after the directory has said so. */
export async function thaw(
  { tenants, step }: EndingTools,
  shard: string,
  { row, epoch }: { row: ShardTenant; epoch: number },
): Promise<void> {
  const change = { shard, tenant: row.tenant, fromEpoch: row.epoch, toEpoch: epoch };
  await step('thaw:source', () => tenants.thaw(change));
}

async function readTarget({ tenants }: EndingTools, { tenant, movingTo }: ShardTenant) {
  return movingTo === undefined ? undefined : tenants.read(movingTo, tenant);
}

/** Only what the ended freeze has announced: an arrival that another mover prepares is not its. */
async function removeArrival(
  { tenants, step }: EndingTools,
  row: ShardTenant,
  { target, epoch }: { target: ShardTenant | undefined; epoch: number },
): Promise<void> {
  const isIts = target?.state === 'incoming' && target.epoch <= row.epoch;
  if (!isIts || row.movingTo === undefined) return;
  const { tenant, movingTo: shard } = row;
  const change = { shard, tenant, fromEpoch: target.epoch, toEpoch: epoch };
  await step('thaw:target', () => tenants.remove(change));
}
