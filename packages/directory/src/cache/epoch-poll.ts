import { outsideContext } from '@switchyard/shard-context';
import type { DirectoryStore } from '../directory-store.ts';
import type { CacheSettings } from './cache-options.ts';
import type { Entries } from './entries.ts';
import type { Health } from './health.ts';
import { timeLimited } from './store-reader.ts';

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

  /** Ends for good. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
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
    } catch (error) {
      this.#health.failed(error); // asked again from the same mark, so nothing is missed
    }
    this.#next();
  }
}
