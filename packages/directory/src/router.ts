import { setTimeout as pause } from 'node:timers/promises';
import {
  currentFrame,
  isSwitchyardError,
  type EnterOptions,
  type Locator,
  type Placement,
  type RoutingKey,
  type ShardContext,
} from '@switchyard/shard-context';
import { DirectoryUnavailableError, shardRefusalOf } from '@switchyard/shard-context/internal';
import { WaitingRoom, type Visit, type WaitingRoomOptions } from './waiting-room.ts';

/** How a unit of work is run. */
export interface RunOptions extends EnterOptions {
  /**
   * True where the whole unit of work may be run again from its beginning: after a refusal of the
   * shard it then is, on the fresh placement. Default false: the refusal surfaces, retryable.
   */
  readonly repeatable?: boolean;
  /** Ends waits; never the work itself. */
  readonly signal?: AbortSignal;
}

/** What a router is made with. */
export interface RouterOptions {
  /** The directory, or whatever else locates. */
  readonly directory: Locator;
  readonly context: ShardContext;
  /** Most runs of a repeatable unit of work that is refused as stale again and again. Default 4. */
  readonly maxRuns?: number;
  /** Bounds of waiting for a tenant that is frozen while it moves. */
  readonly frozen?: WaitingRoomOptions;
}

const DEFAULT_MAX_RUNS = 4;
const REFRESH_JITTER_MS = 10;

/**
 * Joins directory and context: finds where a key or tenant lives, enters that place and runs there.
 * Knows nothing of TypeORM, so that an edge process can route with it.
 */
export class Router {
  readonly #directory: Locator;
  readonly #context: ShardContext;
  readonly #maxRuns: number;
  readonly #waitingRoom: WaitingRoom;

  constructor(options: RouterOptions) {
    this.#directory = options.directory;
    this.#context = options.context;
    this.#maxRuns = options.maxRuns ?? DEFAULT_MAX_RUNS;
    this.#waitingRoom = new WaitingRoom(options.directory, options.frozen);
  }

  /**
   * Runs `fn` where the key's tenant lives.
   * @throws KeyUnknownError, DirectoryUnavailableError, TenantFrozenError, what `fn` throws, and
   *   what entering a place throws
   */
  async onKey<T>(key: RoutingKey, fn: () => T, options: RunOptions = {}): Promise<Awaited<T>> {
    const placement = await this.#directory.locateKey(key, waitOf(options));
    return this.#run(placement, fn, options);
  }

  /**
   * Runs `fn` where the tenant lives. Inside a context of that tenant it goes on there, without a
   * look-up: a unit of work of a tenant stays on one placement.
   * @throws TenantUnknownError, DirectoryUnavailableError, TenantFrozenError, what `fn` throws, and
   *   what entering a place throws
   */
  async onTenant<T>(tenant: string, fn: () => T, options: RunOptions = {}): Promise<Awaited<T>> {
    const here = this.#placeOf(tenant);
    if (here !== undefined) return await this.#context.onPlacement(here, fn, options);
    const placement = await this.#directory.locateTenant(tenant, waitOf(options));
    return this.#run(placement, fn, options);
  }

  #placeOf(tenant: string) {
    const place = currentFrame()?.place;
    if (place?.tenant !== tenant || place.fleet !== this.#context.topology.fleet) return undefined;
    return { tenant, shard: place.shard, epoch: place.epoch as number };
  }

  async #run<T>(located: Placement, fn: () => T, options: RunOptions): Promise<Awaited<T>> {
    const visit = this.#waitingRoom.visit(options.signal);
    let placement = await this.#open(located, visit, options);
    for (let stale = 1; ;) {
      try {
        return await this.#context.onPlacement(placement, fn, options);
      } catch (error) {
        const refusal = shardRefusalOf(error, placement.tenant)?.kind;
        if (refusal === undefined) throw error;
        if (refusal !== 'frozen') stale += 1;
        if (options.repeatable !== true || stale > this.#maxRuns) {
          this.#refreshBehind(placement);
          throw error;
        }
        placement =
          refusal === 'frozen'
            ? await visit.whileFrozen(placement)
            : await this.#open(await this.#refreshed(placement, error, options), visit, options);
      }
    }
  }

  /** Waits before the work begins while the directory says *frozen*; reads need not wait. */
  async #open(located: Placement, visit: Visit, options: RunOptions): Promise<Placement> {
    if (located.state !== 'frozen' || options.readOnly === true) return located;
    return visit.whileFrozen(located);
  }

  /** After *stale*. Where the directory has nothing newer, what the shard said is the better news. */
  async #refreshed({ tenant, epoch }: Placement, refused: unknown, options: RunOptions) {
    // Jitter: all who were refused at once would otherwise be back at once.
    await pause(Math.random() * REFRESH_JITTER_MS);
    try {
      return await this.#directory.locateTenant(tenant, {
        ...waitOf(options),
        minEpoch: epoch + 1,
      });
    } catch (error) {
      throw isSwitchyardError(error, DirectoryUnavailableError.code) ? refused : error;
    }
  }

  /** The refusal surfaces; the next unit of work of the tenant should not meet it again. */
  #refreshBehind({ tenant, epoch }: Placement): void {
    // Also after *frozen*: where its mover is dead, the directory finds out when it is asked.
    this.#directory.locateTenant(tenant, { minEpoch: epoch + 1 }).catch(() => undefined);
  }
}

function waitOf({ signal }: RunOptions): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
