import type { StepPath } from '../ladder/path.ts';
import type { SchemaCheck } from './schema-check.ts';

/** Which half of a migration is planned: `up`, or `down` for a revert. */
export type Direction = 'up' | 'down';

/** What other sessions may do to the table while a step runs. `none`: nothing is locked out. */
export type StepLock = 'none' | 'shared' | 'exclusive';

/** A count that has to be zero for a step to be right: orphans of a foreign key, duplicates. */
export interface DataCheck {
  /** When to run it. `both`: a rule that holds before the step may be broken while it runs. */
  readonly when: 'before' | 'after' | 'both';
  /** A query with one row and one column named `offending`; 0 means that all is well. */
  readonly sql: string;
  /** Values bound to the query. */
  readonly parameters?: readonly unknown[];
  /** What a count above 0 means, as a sentence without a full stop. */
  readonly failure: string;
  /** What to do then. */
  readonly remedy: string;
}

/** The new definition of a table that is copied. */
export interface CopyDefinition {
  /** Clauses of ALTER TABLE, each a statement of its own on the empty copy. */
  readonly alter: readonly string[];
  /** Old names of columns that are renamed, and their new ones. */
  readonly renamed: Readonly<Record<string, string>>;
}

/** One statement that is sent to one shard, and how to tell whether it was carried out. */
export interface Step {
  /** Stable over replanning: a hash of migration, direction, the clause's text and its position. */
  readonly id: string;
  /** The table that is changed, without a database; undefined for views and the like. */
  readonly table: string | undefined;
  /** The clause or statement as the migration wrote it: what a human recognises. */
  readonly clause: string;
  /** The exact text to send, `ALGORITHM` and `LOCK` included. */
  readonly sql: string;
  /** Values bound to the statement; empty for everything but data statements. */
  readonly parameters: readonly unknown[];
  /** How the server does it. `already-there`: nothing is sent, it is only written to the ledger. */
  readonly path: StepPath;
  readonly lock: StepLock;
  /** Rows of the table by the server's own estimate. */
  readonly rows: number;
  /** Data and index bytes of the table by the server's own estimate. */
  readonly bytes: number;
  /** What a reader of the plan should know, or empty. */
  readonly note: string;
  /** True where the migration's text depends on rows of this shard. */
  readonly readsData: boolean;
  /** What a shadow copy is asked to make of the table; undefined on every other path. */
  readonly copy?: CopyDefinition | undefined;
  /** Session variables to set before the step and to set back after it. */
  readonly session: Readonly<Record<string, number | string>>;
  /** Counts that have to be zero, before or after. */
  readonly checks: readonly DataCheck[];
  /** How to settle, by looking at the schema, whether the step was carried out. */
  readonly verify: SchemaCheck;
}

/** A clause that is not run on this shard, why, and what to do instead. */
export interface PlanRefusal {
  /** Stable name of the rule: `NEEDS_COPY`, `DROP_COLUMN_IN_USE`. */
  readonly rule: string;
  readonly table: string | undefined;
  readonly clause: string;
  /** One sentence without a full stop. */
  readonly reason: string;
  /** What to do now; one sentence in the imperative, without a full stop. */
  readonly remedy: string;
  /** The value of `--allow` that lets exactly this one through, where there is one. */
  readonly flag?: string | undefined;
}

/** Something that stands in the way right now and may go away by itself or by a repair. */
export interface Blocker {
  readonly kind: 'transaction' | 'privilege' | 'disk' | 'row-versions';
  readonly table: string | undefined;
  /** Who or what, since when: one sentence without a full stop. */
  readonly reason: string;
  readonly remedy: string;
  /** True where the migration can run in spite of it, with less to be seen. */
  readonly advisory?: true;
}

/** What one migration will do on one shard. */
export interface ShardPlan {
  readonly shard: string;
  /** Name of the migration: its class name with the timestamp, as TypeORM writes it. */
  readonly migration: string;
  /** Checksum of the migration's file at the time of planning. */
  readonly checksum: string;
  readonly direction: Direction;
  readonly steps: readonly Step[];
  /** Where there is one, the migration must not be run on this shard. */
  readonly refusals: readonly PlanRefusal[];
  readonly blockers: readonly Blocker[];
  /** Digest of the definitions that the plan rests on. */
  readonly fingerprint: string;
  /** `VERSION()` of the shard's server. */
  readonly serverVersion: string;
}
