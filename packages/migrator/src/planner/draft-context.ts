import { createHash } from 'node:crypto';
import type { MigrationFile } from '../migrations/migration-file.ts';
import { columnLines } from '../recording/definition.ts';
import type { ScratchSchema } from '../recording/scratch-schema.ts';
import type { EntityColumns } from '../lint/entity-columns.ts';
import type { RemovedName } from './stored-code.ts';
import type { DataProbe, DraftStep } from './draft.ts';
import type { DataCheck, Direction, PlanRefusal, Step } from '../plan/plan.ts';
import type { PlanPolicy } from '../plan/planner.ts';

/** What all parts of drafting one migration share; steps and refusals are added as they are found. */
export class DraftContext {
  readonly steps: DraftStep[] = [];
  readonly refusals: PlanRefusal[] = [];
  /** False while the migration has `foreign_key_checks` turned off. */
  foreignKeyChecks = true;
  /** Questions to the rows of each shard. */
  readonly probes: DataProbe[] = [];
  /** Names that are gone afterwards. */
  readonly removed: RemovedName[] = [];
  /** Tables that this migration makes, or one that runs before it. */
  readonly made: Set<string>;
  /** Tables whose rows this migration changes, or one that runs before it. */
  readonly rowsChanged: Set<string>;
  readonly #addedColumns: Map<string, Set<string>>;
  readonly scratch: ScratchSchema;
  readonly migration: MigrationFile;
  readonly direction: Direction;
  readonly policy: Required<PlanPolicy>;
  readonly allow: ReadonlySet<string>;
  /** Tables that have no row versions left. */
  readonly withoutInstant: ReadonlySet<string>;
  readonly entities: EntityColumns;

  constructor(parts: DraftContextParts) {
    this.made = parts.earlier.made;
    this.rowsChanged = parts.earlier.rowsChanged;
    this.#addedColumns = parts.earlier.addedColumns;
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
    const session: Step['session'] = {
      ...(this.foreignKeyChecks ? {} : { foreign_key_checks: 0 }),
      ...(this.allow.has(`zero-dates:${step.table ?? ''}`) && {
        sql_mode: this.scratch.facts.sqlMode,
      }),
    };
    this.steps.push({ id: id.slice(0, 24), ...step, session: { ...session, ...step.session } });
  }

  /** Adds a question whose answer may refuse the migration on a shard. */
  probe(probe: DataProbe): void {
    this.probes.push(probe);
  }

  /** Columns of a table that steps before add; the shard does not have them while it is planned. */
  addedColumns(table: string): Set<string> {
    const known = this.#addedColumns.get(table) ?? new Set();
    this.#addedColumns.set(table, known);
    return known;
  }

  /** Adds a count that has to be zero just before a step. */
  checkBefore(number: number, check: DataCheck): void {
    const step = this.steps[number];
    if (step === undefined || step.path === 'already-there') return;
    this.steps[number] = { ...step, checks: [...step.checks, check] };
  }

  /** True where the shard has these columns now: rows can be asked only of what is there. */
  isOnShard(table: string, columns: readonly string[]): boolean {
    const definition = this.scratch.seen.get(table);
    if (definition === undefined) return false;
    const lines = columnLines(definition);
    return columns.every((column) => lines.has(column));
  }

  /** Adds a refusal, unless its flag was given. */
  refuse(refusal: PlanRefusal): void {
    if (refusal.flag !== undefined && this.allow.has(refusal.flag)) return;
    this.refusals.push(refusal);
  }
}

/** What the migrations before one do, in the order of the plan; each adds to it. */
export interface EarlierChanges {
  readonly made: Set<string>;
  readonly rowsChanged: Set<string>;
  /** Columns by their table. */
  readonly addedColumns: Map<string, Set<string>>;
}

/** What a context is made of. */
export type DraftContextParts = { readonly earlier: EarlierChanges } & Pick<
  DraftContext,
  'scratch' | 'migration' | 'direction' | 'policy' | 'allow' | 'withoutInstant' | 'entities'
>;
