/** Which of the rows that one query found is whose. */
export interface Matches<Asked, Row> {
  /** Keys that are written as their rows have them. */
  readonly found: Map<Asked, Row>;
  /** What may mean one of the rows in another spelling: only the server can tell. */
  readonly doubtful: readonly Asked[];
}

/**
 * Leads rows back to the keys that were asked for. The column decides whether `É` finds the row
 * `e`, and '05' finds 5: what is not written as a row has it is not judged here.
 */
export function matchRows<Asked, Row>(
  asked: readonly Asked[],
  nameOf: (one: Asked) => string,
  rows: ReadonlyMap<string, Row>,
): Matches<Asked, Row> {
  const found = new Map<Asked, Row>();
  const missing: Asked[] = [];
  const claimed = new Set<string>();
  for (const one of asked) {
    const name = nameOf(one);
    const row = rows.get(name);
    if (row === undefined) {
      missing.push(one);
      continue;
    }
    found.set(one, row);
    claimed.add(name);
  }
  if (claimed.size < rows.size) return { found, doubtful: missing };
  const mayBeOneOf = likeness(claimed);
  return { found, doubtful: missing.filter((one) => mayBeOneOf(nameOf(one))) };
}

/** The parts of a key as one text, which no other parts have: a part may hold any character. */
export function nameOfParts(parts: readonly (string | undefined)[]): string {
  if (parts.length === 1) return parts[0] ?? '';
  return parts.map((part = '') => part.replace(/[\\\0]/g, escaped)).join('\0');
}

function escaped(sign: string): string {
  return sign === '\0' ? '\\0' : '\\\\';
}

/**
 * Tells of a key whether it may be another spelling of one of some keys. A false `true` costs one
 * more query; a false `false` would call a row gone that is there, so every doubt is a `true`.
 */
function likeness(names: ReadonlySet<string>): (name: string) => boolean {
  const gists = [...names].map(gist);
  if (gists.includes(undefined)) return () => true;
  const known = new Set(gists);
  return (name) => {
    const own = gist(name);
    return own === undefined ? names.size > 0 : known.has(own);
  };
}

/**
 * What all spellings of a key have in common, part by part: its letters and digits, without case,
 * and without zeros, which numbers and dates may leave out. Undefined where no such thing is known:
 * collations take `ß` for `s` or for `ss` and pass over signs that are not printed, and a number
 * may be written with a power of ten.
 */
function gist(name: string): string | undefined {
  const parts = name.split('\0');
  if (parts.some((part) => !/^[ -~]*$/.test(part) || POWER_OF_TEN.test(part))) return undefined;
  return parts.map((part) => part.toLowerCase().replace(/[^a-z1-9]/g, '')).join('\0');
}

const POWER_OF_TEN = /^\s*[+-]?[\d.]+e[+-]?\d+\s*$/i;
