import type { Clause } from '../parser/statement.ts';

/** Clauses that only make sense together, as one ALTER. */
export interface Unit {
  readonly clauses: readonly Clause[];
}

/**
 * Takes a mixed ALTER apart into what can stand alone. A key that is dropped and added again stays
 * in one piece: apart, there would be a time without it.
 */
export function unitsOf(clauses: readonly Clause[]): Unit[] {
  const units: Clause[][] = [];
  for (const clause of clauses) {
    const partner = units.find((unit) => unit.some((other) => belongTogether(other, clause)));
    if (partner === undefined) units.push([clause]);
    else partner.push(clause);
  }
  return units.map((unit) => ({ clauses: unit }));
}

function belongTogether(one: Clause, other: Clause): boolean {
  return replacesKey(one, other) || replacesKey(other, one) || sameColumn(one, other);
}

function replacesKey(drop: Clause, add: Clause): boolean {
  if (drop.kind === 'drop-primary-key') return add.kind === 'add-primary-key';
  if (drop.kind !== 'drop-index') return false;
  return add.kind === 'add-unique' || add.kind === 'add-index';
}

function sameColumn(one: Clause, other: Clause): boolean {
  const columns = ['add-column', 'drop-column', 'modify-column', 'rename-column', 'column-default'];
  if (!columns.includes(one.kind) || !columns.includes(other.kind)) return false;
  return one.name === other.name || one.newName === other.name || one.name === other.newName;
}
