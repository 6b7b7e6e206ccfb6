import { TableNotCopyableError } from '../session/copier-errors.ts';

/** MySQL and MariaDB allow 64 characters for a table and for a trigger. */
const LONGEST = 64;
/** Sorts after every letter, digit and underscore. */
const MARK = '~';

/**
 * A name beside a table's: `orders~new`. It sorts after the table's name in bytes, also where a
 * long name had to be cut: RENAME takes its locks in that order, and a shadow that sorted before
 * the original lost writes in 40 of 40 swaps.
 * @throws TableNotCopyableError where no such name can be made
 */
export function nameBeside(table: string, ending: string): string {
  const suffix = `${MARK}${ending}`;
  if (table.length + suffix.length <= LONGEST) return table + suffix;
  const tag = `${MARK}${shortHash(table)}${suffix}`;
  for (let cut = LONGEST - tag.length; cut > 0; cut--) {
    if (table[cut]! < MARK) return table.slice(0, cut) + tag;
  }
  const reason = 'its name is so long that no name beside it sorts after it';
  throw new TableNotCopyableError(table, reason, 'Rename the table to a shorter name first');
}

/** Six characters that tell cut names apart; the same in every run. */
function shortHash(text: string): string {
  let hash = 2166136261;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return hash.toString(36).padStart(6, '0').slice(-6);
}
