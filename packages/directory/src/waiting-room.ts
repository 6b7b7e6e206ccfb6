import {
  isSwitchyardError,
  DirectoryUnavailableError,
  TenantFrozenError,
  type Locator,
  type Placement,
} from '@switchyard/shard-context';
import { setTimeout as pause } from 'node:timers/promises';

const FIRST_PAUSE_MS = 10;
const LAST_PAUSE_MS = 250;

/** Bounds of waiting for frozen tenants; the figures of Vitess's buffer are the defaults' model. */
export interface WaitingRoomOptions {
  /** Most units of work that wait at once, over all tenants. Default 1,000. */
  readonly maxWaiting?: number;
  /** How long one of them waits. Default 5,000 ms. */
  readonly waitMs?: number;
}

/**
 * Where units of work wait while their tenant is frozen. Bounded by count and time: a move pauses a
 * tenant for milliseconds, and a move that hangs must not fill the process with waiting requests.
 */
export class WaitingRoom {
  readonly #locator: Locator;
  readonly #maxWaiting: number;
  readonly #waitMs: number;
  #waiting = 0;

  constructor(locator: Locator, options: WaitingRoomOptions = {}) {
    this.#locator = locator;
    this.#maxWaiting = options.maxWaiting ?? 1_000;
    this.#waitMs = options.waitMs ?? 5_000;
  }

  /**
   * The placement once it is at least of that epoch and not frozen.
   * @throws TenantFrozenError when the room is full or the time is over
   */
  async wait(frozen: Placement, minEpoch: number, signal?: AbortSignal): Promise<Placement> {
    if (this.#waiting >= this.#maxWaiting) throw refused(frozen, 'too many others wait for it');
    this.#waiting += 1;
    try {
      return await this.#untilOpen(frozen, minEpoch, signal);
    } finally {
      this.#waiting -= 1;
    }
  }

  async #untilOpen(frozen: Placement, minEpoch: number, signal?: AbortSignal): Promise<Placement> {
    const end = performance.now() + this.#waitMs;
    const cancel = signal === undefined ? {} : { signal };
    let lowest = minEpoch;
    for (let ms = FIRST_PAUSE_MS; performance.now() < end; ms = Math.min(LAST_PAUSE_MS, ms * 2)) {
      // Jitter: those who wait for one tenant would otherwise all come back in the same moment.
      await pause(Math.min(ms * (0.5 + Math.random()), end - performance.now()), undefined, cancel);
      const placement = await this.#look(frozen.tenant, lowest, signal);
      if (placement === undefined) continue;
      if (placement.state !== 'frozen') return placement;
      lowest = placement.epoch + 1;
    }
    throw refused(frozen, 'it stayed frozen for as long as one may wait');
  }

  /** Undefined while the directory has nothing so new, or is away. */
  async #look(tenant: string, minEpoch: number, signal?: AbortSignal) {
    try {
      const cancel = signal === undefined ? {} : { signal };
      return await this.#locator.locateTenant(tenant, { ...cancel, minEpoch });
    } catch (error) {
      if (isSwitchyardError(error, DirectoryUnavailableError.code)) return undefined;
      throw error;
    }
  }
}

function refused({ tenant, shard }: Placement, why: string): TenantFrozenError {
  return new TenantFrozenError({ attempted: `run a unit of work (${why})`, shard, tenant });
}
