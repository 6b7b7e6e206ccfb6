import { isSwitchyardError, type Locator, type Placement } from '@switchyard/shard-context';
import { DirectoryUnavailableError, TenantFrozenError } from '@switchyard/shard-context/internal';
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

/** One unit of work's waits: together they take no longer than the room allows. */
export interface Visit {
  /**
   * Waits, and answers the placement to try next: a newer one, or the same where the directory says
   * active and only the shard says frozen.
   * @throws TenantFrozenError when the room is full or the time is over
   */
  whileFrozen(placement: Placement): Promise<Placement>;
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

  /** A visit whose time begins with its first wait. */
  visit(signal: AbortSignal | undefined): Visit {
    const cancel = signal === undefined ? {} : { signal };
    const time = { endsAt: 0, pauseMs: FIRST_PAUSE_MS };
    return {
      whileFrozen: async (placement) => {
        if (time.endsAt === 0) time.endsAt = performance.now() + this.#waitMs;
        if (this.#waiting >= this.#maxWaiting) {
          throw refused(placement, 'too many others wait for it');
        }
        this.#waiting += 1;
        try {
          return await this.#untilOpen(placement, time, cancel);
        } finally {
          this.#waiting -= 1;
        }
      },
    };
  }

  async #untilOpen(
    frozen: Placement,
    time: { readonly endsAt: number; pauseMs: number },
    cancel: { signal?: AbortSignal },
  ): Promise<Placement> {
    let placement = frozen;
    for (
      let left = time.endsAt - performance.now();
      left > 0;
      left = time.endsAt - performance.now()
    ) {
      // Jitter: those who wait for one tenant would otherwise all come back in the same moment.
      await pause(Math.min(left, time.pauseMs * (0.5 + Math.random())), undefined, cancel);
      time.pauseMs = Math.min(LAST_PAUSE_MS, time.pauseMs * 2);
      placement = (await this.#newer(placement, cancel)) ?? placement;
      if (placement.state !== 'frozen') return placement;
    }
    throw refused(placement, 'it stayed frozen for as long as one may wait');
  }

  /** Undefined while the directory has nothing newer, or is away. */
  async #newer({ tenant, epoch }: Placement, cancel: { signal?: AbortSignal }) {
    try {
      return await this.#locator.locateTenant(tenant, { ...cancel, minEpoch: epoch + 1 });
    } catch (error) {
      if (isSwitchyardError(error, DirectoryUnavailableError.code)) return undefined;
      throw error;
    }
  }
}

function refused({ tenant, shard }: Placement, why: string): TenantFrozenError {
  return new TenantFrozenError({ attempted: `run a unit of work (${why})`, shard, tenant });
}
