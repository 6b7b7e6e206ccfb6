import {
  isSwitchyardError,
  outsideContext,
  type Placement,
  type ShardTenant,
  type ShardTenants,
} from '@switchyard/shard-context';
import { DirectoryUnavailableError, TenantUnknownError } from '@switchyard/shard-context/internal';
import { setTimeout as pause } from 'node:timers/promises';
import type { Directory } from './directory.ts';
import { TenantSwitchRefusedError } from './contract/errors.ts';
import { endFreeze, forgetArrival, isHeld, thaw, type EndingTools } from './moves/end-freeze.ts';
import { isMoverToken, type MovePath, type SwitchStep } from './moves/tenant-move.ts';
import type { FrozenMove, TenantMove, ThawMove } from './moves/tenant-move.ts';
import { isAllowed } from './placement/placement-policy.ts';

const DEFAULT_HOLD_MS = 30_000;
const DEFAULT_LEASE_MS = 30_000;
/** How often a directory that is away is asked again. */
const AGAIN_MS = 200;

/** What a switch is made with. */
export interface TenantSwitchOptions {
  readonly directory: Directory;
  readonly shardTenants: ShardTenants;
  /**
   * How long a freeze holds by the shard's clock until it is sealed; then it ends by itself. Copying
   * what is left and verifying must fit in. Default 30,000 ms.
   */
  readonly holdMs?: number;
  /**
   * After this time without a sign of the mover, another process may end what it has sealed.
   * Default 30,000 ms.
   */
  readonly leaseMs?: number;
  /**
   * Called before each effect: for progress, to wait until replicas have the sealed row (before
   * `switch:directory`), and for tests that end the process there.
   */
  readonly beforeStep?: (step: SwitchStep, move: MovePath) => void | Promise<void>;
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
 *                     ─switch→ source sealed e+1, directory target e+2 (no way back),
 *                              target active e+2, source moved
 *                     ─thaw──→ directory source e+2, source active e+2
 *
 * The source is frozen before the directory says so: a freeze that is given up in time has then
 * changed nothing anywhere. Every later step that lets a shard take writes begins with the directory,
 * whose epoch decides between two processes. The shards know movers by their tokens: a second one is
 * refused. A freeze that is not sealed ends at its deadline; a sealed one, after the mover's lease,
 * where the directory says so (`directory.settle`, which routers call while they wait).
 */
export class TenantSwitch {
  readonly #directory: Directory;
  readonly #tenants: ShardTenants;
  readonly #holdMs: number;
  readonly #leaseMs: number;
  readonly #beforeStep: (step: SwitchStep, move: MovePath) => void | Promise<void>;

  constructor(options: TenantSwitchOptions) {
    this.#directory = options.directory;
    this.#tenants = options.shardTenants;
    this.#holdMs = options.holdMs ?? DEFAULT_HOLD_MS;
    this.#leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
    this.#beforeStep = options.beforeStep ?? (() => undefined);
  }

  /**
   * Ends the tenant's writes: when it returns, no transaction of the tenant is open, and none can
   * begin. The target is told first whom to expect. The epoch of the answer is that of the freeze.
   * While the directory is away it waits, as long as the freeze holds.
   * @throws TenantSwitchRefusedError also where another mover holds the tenant,
   *   PlacementChangedError, TenantUnknownError, DirectoryUnavailableError, and what the shards
   *   answer when transactions stay open too long
   */
  async freezeTenant(move: TenantMove, options: FreezeOptions = {}): Promise<Placement> {
    checkToken(move);
    await this.#endWhatIsOver(move);
    const placement = await this.#placement(move);
    this.#checkTarget(move, placement);
    const { source, target, tenant, mover } = move;
    const row = await this.#row(source, tenant);
    const isOurs = isHeld(row) && row.mover === mover && row.movingTo === target;
    if (placement.shard !== source) throw refused('freeze', move, placement, row);
    if (placement.state === 'frozen') {
      if (!isOurs || row.epoch !== placement.epoch) throw refused('freeze', move, placement, row);
      return placement;
    }
    const endsAt = performance.now() + this.#holdMs;
    const epoch =
      isOurs && row.epoch > placement.epoch
        ? row.epoch
        : await this.#freezeSource(move, { placement, row, options });
    const frozen: Placement = { ...placement, epoch, state: 'frozen' };
    return this.#step('freeze:directory', move, () =>
      whileAway(endsAt, () => this.#directory.compareAndSet(placement.epoch, frozen)),
    );
  }

  /**
   * Lets the target take over a tenant, whose rows it has from the freeze of `move.epoch`. It seals
   * the freeze, and then changes the directory: the point of no return. After a kill behind it, call
   * it or {@link finishSwitch} again. While the directory is away it waits, as long as its lease.
   * @throws TenantSwitchRefusedError also where that freeze is over, PlacementChangedError,
   *   TenantUnknownError, DirectoryUnavailableError, and what the shards answer
   */
  async switchTenant(move: FrozenMove): Promise<Placement> {
    const { tenant, source, target, epoch, mover } = move;
    const placement = await this.#placement(move);
    const { shard, state } = placement;
    const isSwitched = shard === target && state === 'active' && placement.epoch === epoch + 1;
    if (isSwitched) return this.#finish(move, placement);
    const row = await this.#row(source, tenant);
    // Rows that came with an earlier freeze, since thawed, are out of date.
    const isFrozen = shard === source && state === 'frozen' && placement.epoch === epoch;
    const isOurs = isHeld(row) && row.epoch === epoch && row.mover === mover;
    if (!isFrozen || !isOurs) throw refused('switch', move, placement, row);
    const incoming = await this.#row(target, tenant);
    const isExpected = incoming?.state === 'incoming' && incoming.epoch === epoch;
    if (!isExpected || incoming.mover !== mover) {
      throw refused('switch', move, placement, incoming);
    }
    const leaseEndsAt = performance.now() + this.#leaseMs;
    const seal = { shard: source, tenant, epoch, mover, leaseMs: this.#leaseMs };
    await this.#step('switch:seal', move, () => this.#tenants.seal(seal));
    const switched: Placement = { ...placement, shard: target, epoch: epoch + 1, state: 'active' };
    const now = await this.#step('switch:directory', move, () =>
      whileAway(leaseEndsAt, () => this.#directory.compareAndSet(epoch, switched)),
    );
    return this.#finish(move, now);
  }

  /**
   * Completes a switch past its point of no return, for a mover that was started again and does not
   * know the epoch any more. Does nothing where it is complete.
   * @throws TenantSwitchRefusedError before that point, TenantUnknownError,
   *   DirectoryUnavailableError, and what the shards answer
   */
  async finishSwitch(move: MovePath): Promise<Placement> {
    const placement = await this.#placement(move);
    if (placement.shard !== move.target || placement.state !== 'active') {
      throw refused('finish', move, placement, await this.#row(move.source, move.tenant));
    }
    return this.#finish(move, placement);
  }

  /**
   * Gives up a freeze: the source takes writes again, under a new epoch. Also where the freeze was
   * killed half-way; does nothing where nothing is frozen. A sealed one is given up by its mover, or
   * after its lease.
   * @throws TenantSwitchRefusedError past the point of no return and for another mover,
   *   PlacementChangedError, TenantUnknownError, DirectoryUnavailableError, and what the shards
   *   answer
   */
  async thawTenant(move: ThawMove): Promise<Placement> {
    const { tenant, source, mover } = move;
    const placement = await this.#placement(move);
    const row = await this.#row(source, tenant);
    if (placement.shard !== source || row === undefined) {
      throw refused('thaw', move, placement, row);
    }
    if (row.state === 'active' && placement.state === 'active') return placement;
    if (!isHeld(row)) throw refused('thaw', move, placement, row);
    const tools = this.#endingTools(move);
    if (placement.state === 'active' && placement.epoch > row.epoch) {
      await thaw(tools, source, { row, epoch: placement.epoch });
      return placement;
    }
    const isOthers = mover !== undefined && mover !== row.mover;
    const isAlive = row.state === 'sealed' && !row.leaseIsOver && mover === undefined;
    if (isOthers || isAlive) throw refused('thaw', move, placement, row);
    const ended = await outsideContext(() => endFreeze(tools, { placement, source, row }));
    if (ended === undefined) throw refused('thaw', move, placement, row);
    if (row.state === 'frozen') {
      await outsideContext(() => forgetArrival(tools, row, ended.epoch));
    }
    return ended;
  }

  /** Announces the tenant to the target and freezes it on the source. Answers the freeze's epoch. */
  async #freezeSource(
    move: TenantMove,
    {
      placement,
      row,
      options,
    }: { placement: Placement; row: ShardTenant | undefined; options: FreezeOptions },
  ): Promise<number> {
    const { source, target, tenant, mover } = move;
    if (!isActiveAt(row, placement.epoch)) throw refused('freeze', move, placement, row);
    const known = await this.#row(target, tenant);
    const isAnnounced = known?.state === 'incoming' && known.mover === mover;
    const isAhead = isAnnounced && known.epoch > placement.epoch;
    const toEpoch = isAhead ? known.epoch : Math.max(placement.epoch, known?.epoch ?? 0) + 1;
    const lease = { mover, leaseMs: this.#leaseMs };
    await this.#step('freeze:target', move, () =>
      this.#tenants.expect({ shard: target, tenant, epoch: toEpoch, ...lease }),
    );
    const freeze = { shard: source, tenant, fromEpoch: placement.epoch, toEpoch };
    const held = { ...freeze, ...lease, movingTo: target, holdMs: this.#holdMs };
    await this.#step('freeze:source', move, () => this.#tenants.freeze(held, options));
    return toEpoch;
  }

  async #finish(move: MovePath, placement: Placement): Promise<Placement> {
    await this.#activate(move, placement);
    await this.#retire(move, placement);
    return placement;
  }

  async #activate(move: MovePath, placement: Placement): Promise<void> {
    const { tenant, target } = move;
    const row = await this.#row(target, tenant);
    if (isActiveAt(row, placement.epoch)) return;
    // An arrival at another epoch is not the one whose rows were copied in the freeze.
    const isExpected = row?.state === 'incoming' && row.epoch === placement.epoch - 1;
    if (!isExpected) throw refused('switch', move, placement, row);
    const epochs = { tenant, fromEpoch: row.epoch, toEpoch: placement.epoch };
    await this.#step('switch:target', move, () =>
      this.#tenants.activate({ shard: target, ...epochs }),
    );
  }

  async #retire(move: MovePath, placement: Placement): Promise<void> {
    const { tenant, source, target } = move;
    const row = await this.#row(source, tenant);
    if (row?.state === 'moved') return;
    const isLeft = row?.state === 'sealed' && row.epoch === placement.epoch - 1;
    if (!isLeft) throw refused('switch', move, placement, row);
    const epochs = { tenant, fromEpoch: placement.epoch - 1, toEpoch: placement.epoch };
    await this.#step('switch:source', move, () =>
      this.#tenants.retire({ shard: source, ...epochs, movedTo: target }),
    );
  }

  /** A freeze past its deadline, or a seal past its mover's lease, is in nothing's way. */
  async #endWhatIsOver({ tenant, source }: TenantMove): Promise<void> {
    const row = await this.#row(source, tenant);
    if (row?.freezeIsOver === true || (row?.state === 'sealed' && row.leaseIsOver)) {
      await this.#directory.settle(tenant);
    }
  }

  async #placement({ tenant }: MovePath): Promise<Placement> {
    const placement = await this.#directory.readPlacement(tenant);
    if (placement === undefined) throw new TenantUnknownError(tenant);
    return placement;
  }

  #checkTarget({ tenant, source, target }: MovePath, placement: Placement): void {
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

  #endingTools(move: MovePath): EndingTools {
    return {
      book: this.#directory,
      tenants: this.#tenants,
      step: (name, effect) => this.#step(name, move, effect),
    };
  }

  async #step<T>(step: SwitchStep, move: MovePath, effect: () => Promise<T>): Promise<T> {
    await this.#beforeStep(step, move);
    return outsideContext(effect);
  }
}

/** Tries again while the directory is away; every try is the same compare-and-set. */
async function whileAway<T>(untilMs: number, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      const isAway = isSwitchyardError(error, DirectoryUnavailableError.code);
      if (!isAway || performance.now() + AGAIN_MS > untilMs) throw error;
      await pause(AGAIN_MS);
    }
  }
}

function checkToken({ tenant, mover }: TenantMove): void {
  if (isMoverToken(mover)) return;
  const reason = 'the token of its mover is not 1 to 64 printable ASCII characters without spaces';
  throw new TenantSwitchRefusedError('freeze', tenant, reason);
}

function isActiveAt(row: ShardTenant | undefined, epoch: number): boolean {
  return row?.state === 'active' && row.epoch === epoch;
}

function refused(
  step: string,
  { tenant, source, target }: MovePath,
  placement: Placement,
  row: ShardTenant | undefined,
): TenantSwitchRefusedError {
  const directory = `${placement.state} on ${placement.shard} at epoch ${placement.epoch}`;
  return new TenantSwitchRefusedError(
    step,
    tenant,
    `from ${source} to ${target}: the directory says ${directory}, the shard says ${describe(row)}`,
  );
}

function describe(row: ShardTenant | undefined): string {
  if (row === undefined) return 'no record';
  const mover = row.mover === undefined ? '' : `, held by mover ${row.mover}`;
  return `${row.state} at epoch ${row.epoch}${mover}`;
}
