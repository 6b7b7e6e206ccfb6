import { createHash } from 'node:crypto';
import type { MigrationFile } from '../migrations/migration-file.ts';
import type { ScratchSchema } from '../recording/scratch-schema.ts';
import type { EntityColumns } from '../lint/entity-columns.ts';
import type { DraftStep } from './draft.ts';
import type { Direction, PlanRefusal } from './plan.ts';
import type { PlanPolicy } from './planner.ts';

/** What all parts of drafting one migration share; steps and refusals are added as they are found. */
export class DraftContext {
  readonly steps: DraftStep[] = [];
  readonly refusals: PlanRefusal[] = [];
  /** Tables that the migration makes. */
  readonly made = new Set<string>();
  readonly scratch: ScratchSchema;
  readonly migration: MigrationFile;
  readonly direction: Direction;
  readonly policy: Required<PlanPolicy>;
  readonly allow: ReadonlySet<string>;
  /** Tables that have no row versions left. */
  readonly withoutInstant: ReadonlySet<string>;
  readonly entities: EntityColumns;

  constructor(parts: DraftContextParts) {
    this.scratch = parts.scratch;
    this.migration = parts.migration;
    this.direction = parts.direction;
    this.policy = parts.policy;
    this.allow = parts.allow;
    this.withoutInstant = parts.withoutInstant;
    this.entities = parts.entities;
  }

  /** Adds a step, named by what it does and where in the migration it stands. */
  add(step: Omit<DraftStep, 'id'>): void {
    const text = step.clause.replaceAll(/\s+/g, ' ');
    const parts = [this.migration.name, this.direction, step.table ?? '', text];
    const same = this.steps.filter((s) => s.table === step.table && s.clause === step.clause);
    const id = createHash('sha256')
      .update(JSON.stringify([...parts, same.length]))
      .digest('hex');
    this.steps.push({ id: id.slice(0, 24), ...step });
  }

  /** Adds a refusal, unless its flag was given. */
  refuse(refusal: PlanRefusal): void {
    if (refusal.flag !== undefined && this.allow.has(refusal.flag)) return;
    this.refusals.push(refusal);
  }
}

/** What a context is made of. */
export type DraftContextParts = Pick<
  DraftContext,
  'scratch' | 'migration' | 'direction' | 'policy' | 'allow' | 'withoutInstant' | 'entities'
>;
