import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { Search } from './search.ts';
import { textOf } from './tenant-value.ts';

/** Which row is whose. All keys are those of {@link searchKey} and {@link recordKey}. */
export interface Matches<Row> {
  /** The row of each reference whose row is certain, by the reference's key. */
  readonly certain: Map<string, Row>;
  /** References that only the server can tell from one another, one of each key. */
  readonly doubtful: readonly Search[];
}

/** The id of a reference as one text, as it is written there. */
export function searchKey({ reference }: Search): string {
  return reference.id.join('\0');
}

/** The id of a row as one text, as the database writes it. */
export function recordKey(metadata: EntityMetadata, record: ObjectLiteral): string {
  return metadata.primaryColumns.map((column) => textOf(column, record) ?? '').join('\0');
}

/**
 * Leads the rows that one query found, by their keys, back to the references that it asked for. The
 * column decides whether `AB` finds the row `ab`, and may do so for one part of a key only: such a
 * row is certain where no other reference of the query can have found it.
 */
export function matchRows<Row>(
  searches: readonly Search[],
  rows: ReadonlyMap<string, Row>,
): Matches<Row> {
  const byFolded = new Map([...rows].map(([key, row]) => [folded(key), row]));
  const certain = new Map<string, Row>();
  const doubtful: Search[] = [];
  for (const spellings of spellingsOf(searches)) {
    for (const [key, search] of spellings) {
      const alike = byFolded.get(folded(key));
      const row = rows.get(key) ?? (spellings.size === 1 ? alike : undefined);
      if (row !== undefined) certain.set(key, row);
      else if (alike !== undefined) doubtful.push(search);
    }
  }
  return { certain, doubtful };
}

/** As few groups as can be in which no two keys differ in case only: one query's rows are certain. */
export function roundsOf(searches: readonly Search[]): Search[][] {
  const rounds: Search[][] = [];
  for (const spellings of spellingsOf(searches)) {
    [...spellings.values()].forEach((search, i) => (rounds[i] ??= []).push(search));
  }
  return rounds;
}

/** Keys that differ in case only stand together; of equal keys there is one. */
function spellingsOf(searches: readonly Search[]): Map<string, Search>[] {
  const groups = new Map<string, Map<string, Search>>();
  for (const search of searches) {
    const key = searchKey(search);
    const spellings = groups.get(folded(key)) ?? new Map<string, Search>();
    groups.set(folded(key), spellings.set(key, search));
  }
  return [...groups.values()];
}

function folded(key: string): string {
  return key.toLowerCase();
}
