import { AsyncLocalStorage } from 'node:async_hooks';
import type { Frame } from './frame.ts';

/**
 * The one AsyncLocalStorage of the project, and the only file that touches the class. It lives on
 * globalThis under a versioned key, so that two installed copies of this package share one context.
 * The version is that of `Frame`: a copy with another frame shape must not read ours.
 */
const KEY = Symbol.for('switchyard.context.v1');
const home = globalThis as { [KEY]?: AsyncLocalStorage<Frame | undefined> };
const storage = (home[KEY] ??= new AsyncLocalStorage<Frame | undefined>());

/** The frame of the running code, or undefined outside every shard context. */
export function currentFrame(): Frame | undefined {
  return storage.getStore();
}

/** Name of the shard on which the running code works; undefined outside every shard context. */
export function currentShard(): string | undefined {
  return currentFrame()?.place?.shard;
}

/**
 * The tenant of the running code; undefined outside every shard context, and in a context that names
 * a shard only.
 */
export function currentTenant(): string | undefined {
  return currentFrame()?.place?.tenant;
}

/** Runs `fn` with `frame` as its context; undefined means: outside every context. */
export function runInFrame<T>(frame: Frame | undefined, fn: () => T): T {
  return storage.run(frame, fn);
}

/**
 * Runs `fn` outside every shard context. For work that belongs to no tenant: opening a pooled
 * connection (its socket would keep the context in which it was opened), loading a shared cache entry.
 */
export function outsideContext<T>(fn: () => T): T {
  return storage.run(undefined, fn);
}
