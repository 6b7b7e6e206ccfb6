import { outsideContext } from '@switchyard/shard-context';
import type { DirectoryStore } from '../contract/directory-store.ts';
import type { CacheSettings } from './cache-options.ts';
import type { Entries } from './entries.ts';
import type { Health } from './health.ts';
import { timeLimited } from './store-reader.ts';

const said = new Set<string>();

/**
 * Asks the store now and then which placements have changed, and hands those that are remembered to
 * the entries. An accelerator: without it a change is found by its age, or by the shard's refusal.
 */
export class EpochPoll {
  readonly #store: DirectoryStore;
  readonly #entries: Entries;
  readonly #health: Health;
  readonly #settings: CacheSettings;
  #timer: NodeJS.Timeout | undefined;
  #since: number | undefined;
  #stopped = false;
  #watch: 'not yet' | 'on' | 'not offered' = 'not yet';
  #stopWatching: (() => Promise<void>) | undefined;

  constructor(store: DirectoryStore, entries: Entries, health: Health, settings: CacheSettings) {
    this.#store = store;
    this.#entries = entries;
    this.#health = health;
    this.#settings = settings;
  }

  /** Begins, once; the timer keeps no process alive. */
  start(): void {
    if (this.#timer !== undefined || this.#stopped || this.#settings.pollMs === 0) return;
    this.#next();
  }

  /** How changes are heard of: a stream is faster, asking misses nothing. */
  get hears(): 'nothing' | 'by asking' | 'by stream and asking' {
    if (this.#timer === undefined) return 'nothing';
    return this.#watch === 'on' ? 'by stream and asking' : 'by asking';
  }

  /** Ends for good. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#stopWatching?.();
  }

  #next(): void {
    if (this.#stopped) return;
    const ms = this.#settings.pollMs * (0.9 + Math.random() * 0.2);
    outsideContext(() => {
      this.#timer = setTimeout(() => void this.#ask(), ms).unref();
    });
  }

  async #ask(): Promise<void> {
    try {
      const changed = await timeLimited(this.#settings.readTimeoutMs, (signal) =>
        this.#store.changedPlacements(this.#since, signal),
      );
      for (const placement of changed.placements) this.#entries.refreshPlacement(placement);
      this.#since = changed.until;
      this.#health.succeeded();
      if (this.#watch === 'not yet') await this.#beginWatching();
    } catch (error) {
      this.#health.failed(error); // asked again from the same mark, so nothing is missed
    }
    this.#next();
  }

  async #beginWatching(): Promise<void> {
    const stop = await this.#store.watchPlacements?.(
      (placement) => this.#entries.refreshPlacement(placement),
      () => (this.#watch = 'not yet'),
    );
    this.#stopWatching = stop;
    this.#watch = stop === undefined ? 'not offered' : 'on';
    if (this.#stopped) await stop?.();
    if (stop === undefined && this.#store.watchPlacements !== undefined) this.#sayOnce();
  }

  #sayOnce(): void {
    if (said.has(this.#store.name)) return;
    said.add(this.#store.name);
    const every = `${this.#settings.pollMs} ms`;
    process.emitWarning(
      `The ${this.#store.name} server offers no change stream; changed placements are asked for every ${every}.`,
      { type: 'SwitchyardNotice', code: 'SWITCHYARD_NO_CHANGE_STREAM' },
    );
  }
}
