import type { Clause } from '../parser/statement.ts';
import { sameDefinition } from '../recording/definition.ts';
import type { ScratchSchema } from '../recording/scratch-schema.ts';
import { climb, type Climbed, type ClimbOptions, type NotClimbed } from './climb.ts';
import type { StepPath } from './path.ts';
import { unitsOf, type Unit } from './units.ts';

/** What became of some clauses of an ALTER. */
export interface Rise {
  readonly clauses: readonly Clause[];
  readonly result: Climbed | NotClimbed;
}

/** Cheapest first; every other path costs as much as a copy. */
const COST: Partial<Record<StepPath, number>> = { instant: 0, inplace: 1, rebuild: 2, copy: 3 };

/** How each clause is to be climbed, and whether it may share a statement with others. */
export type ClimbOptionsOf = (clauses: readonly Clause[]) => ClimbOptions;

/**
 * Finds the cheapest ways for the clauses of one ALTER: whole where nothing is gained by splitting,
 * else clause by clause, with instant neighbours in one statement (one row version). The result of
 * splitting is compared with that of the whole.
 */
export async function climbAlter(
  scratch: ScratchSchema,
  table: string,
  clauses: readonly Clause[],
  optionsOf: ClimbOptionsOf,
): Promise<Rise[]> {
  const before = await scratch.definition(table);
  const units = unitsOf(clauses);
  const whole = await climbTogether(scratch, table, clauses, optionsOf);
  if (
    units.length === 1 ||
    (whole.result.outcome === 'climbed' && whole.result.path === 'instant')
  ) {
    return [whole];
  }
  if (whole.result.outcome === 'already-there') return climbEach(scratch, table, units, optionsOf);
  if (whole.result.outcome !== 'climbed') return [whole];
  const { after } = whole.result;
  await scratch.restore(table, before);
  const apart = await climbEach(scratch, table, units, optionsOf);
  if ((await isSame(apart)) && costOf(apart) < costOf([whole])) {
    return grouped(scratch, table, apart, before, optionsOf);
  }
  await scratch.restore(table, before);
  return [await climbTogether(scratch, table, clauses, optionsOf)];

  async function isSame(rises: readonly Rise[]): Promise<boolean> {
    if (rises.some((rise) => rise.result.outcome !== 'climbed')) return false;
    return sameDefinition(await scratch.definition(table), after);
  }
}

async function climbTogether(
  scratch: ScratchSchema,
  table: string,
  clauses: readonly Clause[],
  optionsOf: ClimbOptionsOf,
): Promise<Rise> {
  const texts = clauses.map((clause) => clause.text);
  return { clauses, result: await climb(scratch, table, texts, optionsOf(clauses)) };
}

async function climbEach(
  scratch: ScratchSchema,
  table: string,
  units: readonly Unit[],
  optionsOf: ClimbOptionsOf,
): Promise<Rise[]> {
  const rises: Rise[] = [];
  for (const unit of units) {
    rises.push(await climbTogether(scratch, table, unit.clauses, optionsOf));
  }
  return rises;
}

/** Puts neighbours that are instant into one statement, where the outcome is the same. */
async function grouped(
  scratch: ScratchSchema,
  table: string,
  apart: readonly Rise[],
  before: string | undefined,
  optionsOf: ClimbOptionsOf,
): Promise<Rise[]> {
  const groups = neighbours(apart);
  if (groups.length === apart.length) return [...apart];
  const after = await scratch.definition(table);
  await scratch.restore(table, before);
  const units = groups.map((clauses) => ({ clauses }));
  const together = await climbEach(scratch, table, units, optionsOf);
  const same = sameDefinition(await scratch.definition(table), after);
  if (same && costOf(together) <= costOf(apart)) return together;
  await scratch.restore(table, before);
  const single = apart.map((rise) => ({ clauses: rise.clauses }));
  return climbEach(scratch, table, single, optionsOf);
}

function neighbours(rises: readonly Rise[]): Clause[][] {
  const groups: { instant: boolean; clauses: Clause[] }[] = [];
  for (const { clauses, result } of rises) {
    const instant = result.outcome === 'climbed' && result.path === 'instant';
    const last = groups.at(-1);
    if (instant && last?.instant === true) last.clauses.push(...clauses);
    else groups.push({ instant, clauses: [...clauses] });
  }
  return groups.map((group) => group.clauses);
}

function costOf(rises: readonly Rise[]): number {
  return Math.max(
    ...rises.map(({ result }) => (result.outcome === 'climbed' ? (COST[result.path] ?? 3) : 4)),
  );
}
