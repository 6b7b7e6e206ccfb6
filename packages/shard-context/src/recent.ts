/** A power of two. */
const SLOTS = 4096;

/**
 * What was made last for each of many names, in slots in place of a map: keeping costs little however
 * many names there are, and nothing grows. Two names of one slot take it from each other, so whoever
 * asks compares what he gets with what he wants.
 */
export class Recent<T> {
  readonly #slots = new Array<T | undefined>(SLOTS).fill(undefined);

  /** What was kept last for a name of this slot; not always this name. */
  at(name: unknown): T | undefined {
    return this.#slots[slotOf(name)];
  }

  keep(name: unknown, one: T): T {
    this.#slots[slotOf(name)] = one;
    return one;
  }
}

/** By the last four characters, in which numbered names and random ones differ most (FNV-1a). */
function slotOf(name: unknown): number {
  if (typeof name !== 'string') return 0;
  const end = name.length;
  let hash = end;
  for (let i = Math.max(0, end - 4); i < end; i++) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}
