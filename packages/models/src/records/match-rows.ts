/** Which of the rows that one query found is whose. */
export interface Matches<Asked, Row> {
  /** What is written as its row has it. */
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
  const known = new Set([...claimed].map(gist));
  return { found, doubtful: missing.filter((one) => known.has(gist(nameOf(one)))) };
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
 * What most ways to write a key have in common, part by part. It saves asking again for keys of no
 * row, and decides nothing else.
 */
function gist(name: string): string {
  return name.split('\0').map(gistOfPart).join('\0');
}

function gistOfPart(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '');
  return plain.toLowerCase().replace(/\.0+$|^[\s0]+|\s+$/g, '');
}
