/**
 * Compares the numbers at the start of two versions of one product: `10.11.19-MariaDB` is at least
 * `10.11`. A missing part counts as 0.
 */
export function isAtLeast(version: string, minimum: string): boolean {
  const have = numbersOf(version);
  for (const [i, wanted] of numbersOf(minimum).entries()) {
    if ((have[i] ?? 0) !== wanted) return (have[i] ?? 0) > wanted;
  }
  return true;
}

function numbersOf(version: string): number[] {
  return (/^\d+(\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
}
