import { isSwitchyardError, outsideContext, type Placement } from '@switchyard/shard-context';

import { printName, DirectoryUnavailableError } from '@switchyard/shard-context/internal';
import { timeLimited } from './store-reader.ts';
import type { DirectoryStore } from '../contract/directory-store.ts';

/** Writes may wait for a majority or a lock; then no one knows more than that they are unknown. */
const WRITE_TIMEOUT_MS = 10_000;

/**
 * Calls the store for an operator's or an assignment's sake: outside every shard context, past the
 * cache, with driver errors made `DirectoryUnavailableError`.
 */
export class StoreCalls {
  readonly store: DirectoryStore;

  constructor(store: DirectoryStore) {
    this.store = store;
  }

  /** Runs one operation. @throws DirectoryUnavailableError with the driver's error as its cause */
  async call<T>(
    attempted: string,
    operation: (store: DirectoryStore, signal: AbortSignal) => Promise<T>,
  ) {
    try {
      return await outsideContext(() =>
        timeLimited(WRITE_TIMEOUT_MS, (signal) => operation(this.store, signal)),
      );
    } catch (cause) {
      if (isSwitchyardError(cause)) throw cause;
      throw new DirectoryUnavailableError(attempted, { cause });
    }
  }

  /** The placement as the primary has it. */
  async placement(tenant: string): Promise<Placement | undefined> {
    const [found] = await this.call(
      `read the placement of tenant ${printName(tenant)}`,
      (store, signal) => store.findPlacements([tenant], { from: 'primary', signal }),
    );
    return found;
  }
}
