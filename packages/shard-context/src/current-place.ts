import { currentFrame } from './storage.ts';

/** Name of the shard on which the running code works; undefined outside every shard context. */
export function currentShard(): string | undefined {
  return currentFrame()?.place?.shard;
}

/**
 * The tenant for whom the running code works; undefined outside every shard context, and in one that
 * names a shard only.
 */
export function currentTenant(): string | undefined {
  return currentFrame()?.place?.tenant;
}
