import {
  currentFrame,
  type LockFile,
  type Role,
  type Shard,
  ShardContext,
  type Topology,
} from '@switchyard/shard-context';
import {
  Limiter,
  ShardLockedError,
  ShardSwitchInTransactionError,
} from '@switchyard/shard-context/internal';
import { ScatterAbortedError, ScatterDeadlineError } from './scatter-errors.ts';

const DEFAULT_CONCURRENCY = 8;
const DEFAULT_PER_SERVER = 2;
const TOTAL = 'total';

/** What became of one shard's part of a scatter. */
export type ScatterOutcome<T> =
  | { readonly shard: string; readonly outcome: 'done'; readonly value: T }
  | { readonly shard: string; readonly outcome: 'failed'; readonly error: unknown };

/** How a scatter runs. */
export interface ScatterOptions {
  /** Most shards at work at once. Default 8. */
  readonly concurrency?: number;
  /** Most shards at work at once on one server. Default 2. */
  readonly concurrencyPerServer?: number;
  /** Names of the shards, in the order of the outcomes. Default: all of the topology. */
  readonly shards?: readonly string[];
  /** Milliseconds for the whole scatter; shards that have not ended fail. Default: no limit. */
  readonly deadlineMs?: number;
  /** Ends the scatter: shards that have not ended fail, work that runs is told by its own signal. */
  readonly signal?: AbortSignal;
  /** Where reads go. Default: as outside. */
  readonly role?: Role;
  /** False lets the work write: to each shard by itself, never to all or none. Default true. */
  readonly readOnly?: boolean;
}

/** What each shard's work is given. */
export interface ShardTurn {
  readonly shard: Shard;
  /** Aborted at the deadline, or when the scatter's own signal is. */
  readonly signal: AbortSignal;
}

/** A sharded data source, or a shard context. */
export interface ScatterSource {
  readonly topology: Topology;
  /** A data source's: a scatter over all shards then needs all of them declared. */
  readonly lockFile?: LockFile;
}

/**
 * Runs `fn` once on each shard, some at a time, and answers with one outcome per shard, in order:
 * a shard that is down fails alone. Each run has its own context, locked to its shard; they share
 * nothing. Read-only unless said otherwise, because nothing is atomic over shards.
 * @throws UnknownShardError, ShardLockedError, ShardSwitchInTransactionError, and
 *   ShardsNotDeclaredError where the lock file has shards that the topology lacks; nothing ran then
 */
export async function onEachShard<T>(
  source: ScatterSource,
  fn: (turn: ShardTurn) => T | Promise<T>,
  options: ScatterOptions = {},
): Promise<ScatterOutcome<T>[]> {
  const context = source instanceof ShardContext ? source : new ShardContext(source.topology);
  refuseInside();
  if (options.shards === undefined && 'lockFile' in source) {
    await source.lockFile?.checkDeclared('scatter over all shards', context.topology);
  }
  const shards = shardsOf(context, options);
  const { concurrency = DEFAULT_CONCURRENCY, concurrencyPerServer = DEFAULT_PER_SERVER } = options;
  const total = Math.max(1, concurrency);
  const perServer = Math.max(1, concurrencyPerServer);
  const limiter = new Limiter((gate) => (gate === TOTAL ? total : perServer));
  const stop = stopOf(options);
  const run = (shard: Shard): Promise<ScatterOutcome<T>> => {
    const part = new Part(shard.name, stop, options.deadlineMs);
    // Ten shards on one server are ten times its load.
    const done = limiter.run([TOTAL, `server ${shard.server.name}`], () =>
      part.run(() => enter(context, { shard, signal: stop.signal }, fn, options)),
    );
    return part.outcome(done);
  };
  try {
    return await Promise.all(shards.map(run));
  } finally {
    stop.release();
  }
}

function refuseInside(): void {
  const frame = currentFrame();
  if (frame?.locked === true) throw new ShardLockedError('scatter', frame.place);
  if (frame?.activity.inTransaction === true) {
    throw new ShardSwitchInTransactionError('scatter', frame.place);
  }
}

function shardsOf({ topology }: ShardContext, { shards }: ScatterOptions): readonly Shard[] {
  return shards === undefined ? topology.shards : shards.map((name) => topology.shard(name));
}

async function enter<T>(
  context: ShardContext,
  turn: ShardTurn,
  fn: (turn: ShardTurn) => T | Promise<T>,
  { role, readOnly = true }: ScatterOptions,
): Promise<T> {
  const entry = { lock: true, readOnly, ...(role === undefined ? {} : { role }) };
  return context.onShard(turn.shard.name, async () => fn(turn), entry);
}

interface Stop {
  readonly signal: AbortSignal;
  /** True where the deadline came, false where the caller aborted. */
  readonly isDeadline: () => boolean;
  readonly release: () => void;
}

/** One signal for the whole scatter, from the caller's and the deadline. */
function stopOf({ deadlineMs, signal }: ScatterOptions): Stop {
  const controller = new AbortController();
  let late = false;
  const abort = (): void => controller.abort(signal?.reason);
  const timer =
    deadlineMs === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          controller.abort();
        }, deadlineMs);
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const release = (): void => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  };
  return { signal: controller.signal, isDeadline: () => late, release };
}

/** One shard's part: it fails when it is told to stop, also while its work goes on. */
class Part {
  readonly #shard: string;
  readonly #stop: Stop;
  readonly #deadlineMs: number;
  #began = false;

  constructor(shard: string, stop: Stop, deadlineMs = 0) {
    this.#shard = shard;
    this.#stop = stop;
    this.#deadlineMs = deadlineMs;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#stop.signal.aborted) throw this.#stopped();
    this.#began = true;
    return work();
  }

  outcome<T>(done: Promise<T>): Promise<ScatterOutcome<T>> {
    const shard = this.#shard;
    return new Promise((resolve) => {
      const stopped = (): void => resolve({ shard, outcome: 'failed', error: this.#stopped() });
      const { signal } = this.#stop;
      if (signal.aborted) stopped();
      signal.addEventListener('abort', stopped, { once: true });
      done
        .then(
          (value) => resolve({ shard, outcome: 'done', value }),
          (error: unknown) => resolve({ shard, outcome: 'failed', error }),
        )
        .finally(() => signal.removeEventListener('abort', stopped));
    });
  }

  #stopped(): Error {
    return this.#stop.isDeadline()
      ? new ScatterDeadlineError(this.#shard, this.#deadlineMs, this.#began)
      : new ScatterAbortedError(this.#shard, this.#stop.signal.reason);
  }
}
