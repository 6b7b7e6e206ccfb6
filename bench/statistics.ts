/** The least and the most of some figures. */
export interface Spread {
  readonly min: number;
  readonly max: number;
}

/** The middle one of some figures; of an even number, the mean of the two in the middle. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle]!;
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
}

/** The range of some figures. */
export function spread(figures: readonly number[]): Spread {
  return { min: Math.min(...figures), max: Math.max(...figures) };
}
