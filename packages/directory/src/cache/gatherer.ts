import { outsideContext } from '@switchyard/shard-context';
import { DirectoryUnavailableError } from '@switchyard/shard-context/internal';
import { waitFor } from './deadline.ts';

/** One key or tenant on its way to the store. */
export interface Flight<Query, Answer> {
  readonly name: string;
  readonly query: Query;
  readonly promise: Promise<Answer | undefined>;
  readonly resolve: (answer: Answer | undefined) => void;
  readonly reject: (error: unknown) => void;
  /** Callers still waiting; no one's flight is taken off before it starts. */
  waiters: number;
  /** True where its name was created here meanwhile: a negative answer is then out of date. */
  created: boolean;
  /** True where its name was revoked here meanwhile: a positive answer is then out of date. */
  revoked: boolean;
}

/** Places for reads that may be under way at once, shared by several gatherers. */
export class ReadSlots {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(slots: number) {
    this.#free = slots;
  }

  /** Takes a place, if there is one; otherwise `whenFree` is called once, later. */
  take(whenFree: () => void): boolean {
    if (this.#free === 0) {
      this.#waiting.add(whenFree);
      return false;
    }
    this.#free -= 1;
    return true;
  }

  /** Gives a place back. */
  release(): void {
    this.#free += 1;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const whenFree of waiting) whenFree();
  }
}

/** What a gatherer is made with. */
export interface GathererSettings {
  readonly batchSize: number;
  readonly maxWaiting: number;
}

/**
 * Single flight and batches: a caller that asks for a name that is on its way shares its flight, and
 * flights that start in one turn of the event loop, or while all reads are under way, are one read.
 */
export class Gatherer<Query, Answer> {
  readonly #flights = new Map<string, Flight<Query, Answer>>();
  #queue: Flight<Query, Answer>[] = [];
  readonly #read: (batch: readonly Flight<Query, Answer>[]) => Promise<void>;
  readonly #slots: ReadSlots;
  readonly #settings: GathererSettings;
  #scheduled = false;
  readonly #drainLater = (): void => this.#schedule();

  /** `read` settles every flight that it is given, or rejects for all. */
  constructor(
    read: (batch: readonly Flight<Query, Answer>[]) => Promise<void>,
    slots: ReadSlots,
    settings: GathererSettings,
  ) {
    this.#read = read;
    this.#slots = slots;
    this.#settings = settings;
  }

  /** Names that wait for a read or are being read. */
  get waiting(): number {
    return this.#flights.size;
  }

  /** The answer for a name; undefined where there is none. @throws DirectoryUnavailableError */
  async load(
    attempted: string,
    name: string,
    query: () => Query,
    wait: { deadlineMs: number; signal?: AbortSignal | undefined },
  ): Promise<Answer | undefined> {
    const flight = this.#flights.get(name) ?? this.#begin(attempted, name, query);
    flight.waiters += 1;
    try {
      return await waitFor(flight.promise, wait.deadlineMs, wait.signal, () => {
        const reason = 'the directory did not answer in time';
        return new DirectoryUnavailableError(attempted, { reason });
      });
    } finally {
      flight.waiters -= 1;
    }
  }

  /** Notes that a name was created here, so that a read that began before cannot deny it. */
  created(name: string): void {
    const flight = this.#flights.get(name);
    if (flight !== undefined) flight.created = true;
  }

  /** Notes that a name was revoked here, so that a read that began before cannot bring it back. */
  revoked(name: string): void {
    const flight = this.#flights.get(name);
    if (flight !== undefined) flight.revoked = true;
  }

  #begin(attempted: string, name: string, query: () => Query): Flight<Query, Answer> {
    if (this.#flights.size >= this.#settings.maxWaiting) {
      throw new DirectoryUnavailableError(attempted, { reason: 'too many look-ups are waiting' });
    }
    const { promise, resolve, reject } = withResolvers<Answer | undefined>();
    promise.catch(() => undefined); // a flight whose waiters have left fails unheard
    const told = { created: false, revoked: false };
    const flight = { name, query: query(), promise, resolve, reject, waiters: 0, ...told };
    this.#flights.set(name, flight);
    this.#queue.push(flight);
    this.#schedule();
    return flight;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // A loader belongs to no one: it must not run in the shard context of its first caller.
    outsideContext(() => setImmediate(() => this.#drain()));
  }

  #drain(): void {
    this.#scheduled = false;
    this.#dropAbandoned();
    while (this.#queue.length > 0 && this.#slots.take(this.#drainLater)) {
      const batch = this.#queue.splice(0, this.#settings.batchSize);
      void this.#run(batch);
    }
  }

  #dropAbandoned(): void {
    const abandoned = this.#queue.filter(({ waiters }) => waiters === 0);
    if (abandoned.length === 0) return;
    for (const { name } of abandoned) this.#flights.delete(name);
    this.#queue = this.#queue.filter(({ waiters }) => waiters > 0);
  }

  async #run(batch: readonly Flight<Query, Answer>[]): Promise<void> {
    try {
      await this.#read(batch);
    } catch (error) {
      for (const flight of batch) flight.reject(error);
    } finally {
      for (const { name } of batch) this.#flights.delete(name);
      this.#slots.release();
    }
  }
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
