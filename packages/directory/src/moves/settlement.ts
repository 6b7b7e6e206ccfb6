import {
  outsideContext,
  type Placement,
  type ShardTenant,
  type ShardTenants,
  type Topology,
} from '@switchyard/shard-context';
import { PlacementChangedError } from '../contract/errors.ts';
import type { Assignment } from '../placement/assignment.ts';
import {
  endFreeze,
  isHeld,
  thaw,
  type EndingTools,
  type PlacementBook,
  type StandingFreeze,
} from './end-freeze.ts';

/** A tenant that is not in step is looked at by one process so often, whatever waits for it. */
const LOOK_MS = 200;
const PAGE_ROWS = 1_000;

/** What a settlement works on. */
export interface SettlementParts {
  readonly book: PlacementBook;
  readonly tenants: ShardTenants;
  readonly assignment: Assignment;
  readonly topology: Topology;
}

/**
 * Brings directory and shards in step again after a process died between two of its writes: an
 * assignment, a freeze whose mover is gone, a switch past its point of no return. Every step is the
 * compare-and-set that the dead process would have made, or one that makes its own fail; many may do
 * it at once. What only an operator can know is left alone: which side is right after a loss.
 */
export class Settlement {
  readonly #tools: EndingTools;
  readonly #assignment: Assignment;
  readonly #topology: Topology;
  readonly #looking = new Map<string, Promise<Placement | undefined>>();

  constructor({ book, tenants, assignment, topology }: SettlementParts) {
    this.#tools = { book, tenants, step: (_name, effect) => effect() };
    this.#assignment = assignment;
    this.#topology = topology;
  }

  /**
   * The placement with which the shard agrees now; undefined where it does not yet. Many may wait
   * for one tenant: its shard is asked once, and after an answer without a change not at once again.
   */
  look(tenant: string): Promise<Placement | undefined> {
    const looking = this.#looking.get(tenant) ?? this.settle(tenant);
    if (!this.#looking.has(tenant)) {
      this.#looking.set(tenant, looking);
      const forget = () => this.#looking.delete(tenant);
      looking.then(
        (settled) => (settled === undefined ? setTimeout(forget, LOOK_MS).unref() : forget()),
        () => setTimeout(forget, LOOK_MS).unref(),
      );
    }
    return looking;
  }

  /** As {@link look}, and looks in any case. */
  settle(tenant: string): Promise<Placement | undefined> {
    return outsideContext(async () => {
      const { book, tenants } = this.#tools;
      const placement = await book.readPlacement(tenant);
      if (placement === undefined) return undefined;
      if (placement.state === 'assigning') return this.#assignment.complete(placement);
      const row = await tenants.read(placement.shard, tenant);
      if (placement.state !== 'frozen') return this.#settleActive(placement, row);
      if (!isHeld(row)) return undefined;
      return this.#endIfOver({ placement, source: placement.shard, row });
    });
  }

  /**
   * Settles every tenant that any shard holds frozen or sealed longer than its mover may: also those
   * that nothing asks for. Answers what it changed.
   */
  async settleAll(): Promise<Placement[]> {
    const settled: Placement[] = [];
    for (const { name: shard } of this.#topology.shards) {
      for await (const row of this.#heldOn(shard)) {
        if (!row.freezeIsOver && !row.leaseIsOver) continue;
        const placement = await this.settle(row.tenant);
        if (placement === undefined) continue;
        if (placement.shard !== shard) await this.#retire(placement, shard, row);
        settled.push(placement);
      }
    }
    return settled;
  }

  /** The directory names a shard that should take the tenant's writes. */
  async #settleActive(
    placement: Placement,
    row: ShardTenant | undefined,
  ): Promise<Placement | undefined> {
    if (row === undefined) return undefined;
    const { tenants } = this.#tools;
    const { shard, tenant, epoch } = placement;
    if (row.state === 'active') return row.epoch === epoch ? placement : undefined;
    if (isHeld(row)) {
      if (row.epoch > epoch) return this.#endIfOver({ placement, source: shard, row });
      await thaw(this.#tools, shard, { row, epoch });
      return placement;
    }
    // The switch made the epoch of its freeze one higher: another arrival is not the one it copied.
    if (row.state === 'incoming' && row.epoch === epoch - 1) {
      await tenants.activate({ shard, tenant, fromEpoch: row.epoch, toEpoch: epoch });
      return placement;
    }
    return row.state === 'moved' ? undefined : this.#goBack(placement, row);
  }

  /**
   * The directory has switched to a shard that had been told meanwhile that the tenant does not
   * come, and can never make it active. Its rows are where it is sealed still.
   */
  async #goBack(placement: Placement, target: ShardTenant): Promise<Placement | undefined> {
    const { book, tenants } = this.#tools;
    const held = (await tenants.find(placement.tenant)).filter(({ row }) => row.state === 'sealed');
    const [only] = held;
    if (only === undefined || held.length > 1) return undefined;
    const epoch = Math.max(placement.epoch, target.epoch) + 1;
    const back: Placement = { ...placement, shard: only.shard, epoch, state: 'active' };
    const ended = await book.compareAndSet(placement.epoch, back);
    await thaw(this.#tools, only.shard, { row: only.row, epoch });
    return ended;
  }

  /** A freeze past its deadline, or a seal whose mover's lease is over. */
  async #endIfOver(freeze: StandingFreeze): Promise<Placement | undefined> {
    const { placement, source, row } = freeze;
    if (row.state === 'frozen' ? !row.freezeIsOver : !row.leaseIsOver) return undefined;
    try {
      const ended = await endFreeze(this.#tools, freeze);
      if (ended !== undefined || row.movingTo === undefined) return ended;
      return await this.#correct(placement, source, row.movingTo);
    } catch (error) {
      // Another was first: the next look finds what it made.
      if (error instanceof PlacementChangedError) return undefined;
      throw error;
    }
  }

  /** The target is active: the directory has forgotten the switch, and is told again. */
  async #correct(placement: Placement, source: string, target: string) {
    const { book, tenants } = this.#tools;
    const active = await tenants.read(target, placement.tenant);
    if (active?.state !== 'active' || active.epoch <= placement.epoch) return undefined;
    const switched: Placement = {
      ...placement,
      shard: target,
      epoch: active.epoch,
      state: 'active',
    };
    const corrected = await book.compareAndSet(placement.epoch, switched);
    const row = await tenants.read(source, placement.tenant);
    if (row !== undefined) await this.#retire(corrected, source, row);
    return corrected;
  }

  /** sealed → moved on a shard that the tenant has left. */
  async #retire(placement: Placement, shard: string, row: ShardTenant): Promise<void> {
    const { tenant, epoch } = placement;
    if (row.state !== 'sealed' || row.epoch >= epoch || placement.state !== 'active') return;
    const change = { shard, tenant, fromEpoch: row.epoch, toEpoch: epoch };
    await this.#tools.tenants.retire({ ...change, movedTo: placement.shard });
  }

  async *#heldOn(shard: string): AsyncGenerator<ShardTenant> {
    for (let after: string | undefined; ;) {
      const page = await outsideContext(() =>
        this.#tools.tenants.list(shard, { after, limit: PAGE_ROWS, states: ['frozen', 'sealed'] }),
      );
      yield* page;
      if (page.length < PAGE_ROWS) return;
      after = page.at(-1)?.tenant;
    }
  }
}
