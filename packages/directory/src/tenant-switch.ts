import {
  outsideContext,
  TenantUnknownError,
  type Placement,
  type ShardTenant,
  type ShardTenants,
} from '@switchyard/shard-context';
import type { Directory } from './directory.ts';
import { TenantSwitchRefusedError } from './contract/errors.ts';
import { isAllowed } from './placement/placement-policy.ts';

/** One tenant's way from one shard to another; the mover keeps it until the move is settled. */
export interface TenantMove {
  readonly tenant: string;
  readonly source: string;
  readonly target: string;
}

/** A move whose tenant is frozen, and copied by whoever froze it. */
export interface FrozenMove extends TenantMove {
  /** That of the freeze, as `freezeTenant` answered it: rows that were copied in it are current. */
  readonly epoch: number;
}

/** The effects of a switch, in the order of their happening. A kill may come before each. */
export type SwitchStep =
  | 'freeze:target'
  | 'freeze:source'
  | 'freeze:directory'
  | 'switch:directory'
  | 'switch:target'
  | 'switch:source'
  | 'thaw:directory'
  | 'thaw:source';

/** What a switch is made with. */
export interface TenantSwitchOptions {
  readonly directory: Directory;
  readonly shardTenants: ShardTenants;
  /** Called before each effect: for progress, and for tests that end the process there. */
  readonly beforeStep?: (step: SwitchStep, move: TenantMove) => void | Promise<void>;
}

/** How long a freeze may wait for the tenant's open transactions. */
export interface FreezeOptions {
  /** Default: what the shard's side thinks right. */
  readonly deadlineMs?: number;
}

/**
 * The moving side of a tenant's placement, for operators' tools and the mover, which copies the rows
 * between `freezeTenant` and `switchTenant`. Every step is a compare-and-set on the epoch and can be
 * repeated after a kill; whatever happens, at most one shard takes the tenant's writes.
 *
 *     source active e ─freeze→ source frozen e+1, directory frozen e+1
 *                     ─switch→ directory target e+2 (no way back), target active e+2, source moved
 *                     ─thaw──→ directory source e+2, source active e+2
 *
 * The source is frozen before the directory says so: a freeze that is given up in time has then
 * changed nothing anywhere. Everything else begins with the directory, whose epoch decides between
 * two movers. Two that copy in one and the same freeze cannot be told from one that was started again:
 * whoever runs movers lets one at a time work on a tenant.
 */
export class TenantSwitch {
  readonly #directory: Directory;
  readonly #tenants: ShardTenants;
  readonly #beforeStep: (step: SwitchStep, move: TenantMove) => void | Promise<void>;

  constructor(options: TenantSwitchOptions) {
    this.#directory = options.directory;
    this.#tenants = options.shardTenants;
    this.#beforeStep = options.beforeStep ?? (() => undefined);
  }

  /**
   * Ends the tenant's writes: when it returns, no transaction of the tenant is open, and none can
   * begin. The target is told first whom to expect. The epoch of the answer is that of the freeze.
   * @throws TenantSwitchRefusedError, PlacementChangedError, TenantUnknownError,
   *   DirectoryUnavailableError, and what the shards answer when somebody holds the tenant too long
   */
  async freezeTenant(move: TenantMove, options: FreezeOptions = {}): Promise<Placement> {
    const placement = await this.#placement(move);
    this.#checkTarget(move, placement);
    const { source, target, tenant } = move;
    const row = await this.#row(source, tenant);
    if (placement.shard !== source) throw refused('freeze', move, placement, row);
    if (placement.state === 'frozen') {
      if (!isFrozenAt(row, placement.epoch)) throw refused('freeze', move, placement, row);
      return placement;
    }
    const { epoch } = placement;
    const epochs = { tenant, fromEpoch: epoch, toEpoch: epoch + 1 };
    if (!isFrozenAt(row, epoch + 1)) {
      if (!isActiveAt(row, epoch)) throw refused('freeze', move, placement, row);
      await this.#step('freeze:target', move, () =>
        this.#tenants.expect(target, tenant, epoch + 1),
      );
      await this.#step('freeze:source', move, () =>
        this.#tenants.freeze({ shard: source, ...epochs }, options),
      );
    }
    const frozen: Placement = { ...placement, epoch: epoch + 1, state: 'frozen' };
    return this.#step('freeze:directory', move, () => this.#directory.compareAndSet(epoch, frozen));
  }

  /**
   * Lets the target take over a tenant, whose rows it has from the freeze of `move.epoch`. The first
   * step is the point of no return; after a kill behind it, call it or {@link finishSwitch} again.
   * @throws TenantSwitchRefusedError also where that freeze is over, PlacementChangedError,
   *   TenantUnknownError, DirectoryUnavailableError, and what the shards answer
   */
  async switchTenant(move: FrozenMove): Promise<Placement> {
    const { tenant, source, target, epoch } = move;
    const placement = await this.#placement(move);
    const { shard, state } = placement;
    const isSwitched = shard === target && state === 'active' && placement.epoch === epoch + 1;
    if (isSwitched) return this.#finish(move, placement);
    const row = await this.#row(source, tenant);
    // Rows that came with an earlier freeze, since thawed, are out of date.
    const isFrozen = shard === source && state === 'frozen' && placement.epoch === epoch;
    if (!isFrozen || !isFrozenAt(row, epoch)) throw refused('switch', move, placement, row);
    const incoming = await this.#row(target, tenant);
    if (incoming?.state !== 'incoming' || incoming.epoch !== epoch) {
      throw refused('switch', move, placement, incoming);
    }
    const switched: Placement = { ...placement, shard: target, epoch: epoch + 1, state: 'active' };
    const now = await this.#step('switch:directory', move, () =>
      this.#directory.compareAndSet(epoch, switched),
    );
    return this.#finish(move, now);
  }

  /**
   * Completes a switch past its point of no return, for a mover that was started again and does not
   * know the epoch any more. Does nothing where it is complete.
   * @throws TenantSwitchRefusedError before that point, TenantUnknownError,
   *   DirectoryUnavailableError, and what the shards answer
   */
  async finishSwitch(move: TenantMove): Promise<Placement> {
    const placement = await this.#placement(move);
    if (placement.shard !== move.target || placement.state !== 'active') {
      throw refused('finish', move, placement, await this.#row(move.source, move.tenant));
    }
    return this.#finish(move, placement);
  }

  /**
   * Gives up a freeze: the source takes writes again, under a new epoch. Also where the freeze was
   * killed half-way; does nothing where nothing is frozen.
   * @throws TenantSwitchRefusedError past the point of no return, PlacementChangedError,
   *   TenantUnknownError, DirectoryUnavailableError, and what the shards answer
   */
  async thawTenant(move: TenantMove): Promise<Placement> {
    const { tenant, source } = move;
    let placement = await this.#placement(move);
    const row = await this.#row(source, tenant);
    if (placement.shard !== source || row === undefined) {
      throw refused('thaw', move, placement, row);
    }
    if (row.state === 'active' && placement.state === 'active') return placement;
    if (row.state !== 'frozen') throw refused('thaw', move, placement, row);
    const isThawedInDirectory = placement.state === 'active' && placement.epoch > row.epoch;
    if (!isThawedInDirectory) {
      const { epoch } = placement;
      const thawed: Placement = { ...placement, epoch: row.epoch + 1, state: 'active' };
      placement = await this.#step('thaw:directory', move, () =>
        this.#directory.compareAndSet(epoch, thawed),
      );
    }
    const epochs = { tenant, fromEpoch: row.epoch, toEpoch: placement.epoch };
    await this.#step('thaw:source', move, () => this.#tenants.thaw({ shard: source, ...epochs }));
    return placement;
  }

  async #finish(move: TenantMove, placement: Placement): Promise<Placement> {
    await this.#activate(move, placement);
    await this.#retire(move, placement);
    return placement;
  }

  async #activate(move: TenantMove, placement: Placement): Promise<void> {
    const { tenant, target } = move;
    const row = await this.#row(target, tenant);
    if (isActiveAt(row, placement.epoch)) return;
    if (row?.state !== 'incoming') throw refused('switch', move, placement, row);
    const epochs = { tenant, fromEpoch: row.epoch, toEpoch: placement.epoch };
    await this.#step('switch:target', move, () =>
      this.#tenants.activate({ shard: target, ...epochs }),
    );
  }

  async #retire(move: TenantMove, placement: Placement): Promise<void> {
    const { tenant, source, target } = move;
    const row = await this.#row(source, tenant);
    if (row?.state === 'moved') return;
    if (!isFrozenAt(row, placement.epoch - 1)) throw refused('switch', move, placement, row);
    const epochs = { tenant, fromEpoch: placement.epoch - 1, toEpoch: placement.epoch };
    await this.#step('switch:source', move, () =>
      this.#tenants.retire({ shard: source, ...epochs, movedTo: target }),
    );
  }

  async #placement({ tenant }: TenantMove): Promise<Placement> {
    const placement = await this.#directory.readPlacement(tenant);
    if (placement === undefined) throw new TenantUnknownError(tenant);
    return placement;
  }

  #checkTarget({ tenant, source, target }: TenantMove, placement: Placement): void {
    const shard = this.#directory.topology.shard(target);
    if (source === target) {
      throw new TenantSwitchRefusedError('freeze', tenant, `source and target are both ${source}`);
    }
    if (isAllowed(shard, placement)) return;
    const reason = `target ${target} is in region ${shard.server.region}, which is not allowed`;
    throw new TenantSwitchRefusedError('freeze', tenant, reason);
  }

  #row(shard: string, tenant: string): Promise<ShardTenant | undefined> {
    return outsideContext(() => this.#tenants.read(shard, tenant));
  }

  async #step<T>(step: SwitchStep, move: TenantMove, effect: () => Promise<T>): Promise<T> {
    await this.#beforeStep(step, move);
    return outsideContext(effect);
  }
}

function isFrozenAt(row: ShardTenant | undefined, epoch: number): boolean {
  return row?.state === 'frozen' && row.epoch === epoch;
}

function isActiveAt(row: ShardTenant | undefined, epoch: number): boolean {
  return row?.state === 'active' && row.epoch === epoch;
}

function refused(
  step: string,
  { tenant, source, target }: TenantMove,
  placement: Placement,
  row: ShardTenant | undefined,
): TenantSwitchRefusedError {
  const directory = `${placement.state} on ${placement.shard} at epoch ${placement.epoch}`;
  const shard = row === undefined ? 'no record' : `${row.state} at epoch ${row.epoch}`;
  return new TenantSwitchRefusedError(
    step,
    tenant,
    `from ${source} to ${target}: the directory says ${directory}, the shard says ${shard}`,
  );
}
