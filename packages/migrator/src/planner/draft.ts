import type { CopyDefinition, DataCheck, PlanRefusal, Step } from '../plan/plan.ts';
import type { RemovedName } from './stored-code.ts';

/** A question to a shard's rows whose answer decides whether a clause is refused there. */
export interface DataProbe {
  readonly table: string;
  /** One row, one column `offending`; 0 means that all is well. */
  readonly sql: string;
  /** Values bound to the question. */
  readonly parameters?: readonly unknown[];
  /** A coarser question, where the server cannot answer this one. */
  readonly otherwise?: string;
  readonly refusal: PlanRefusal;
}

/** The other way of carrying out a step, on tables with few rows. */
interface SmallWay {
  readonly path: Step['path'];
  readonly lock: Step['lock'];
  readonly sql: string;
  readonly note: string;
}

/** Whether a shadow copy can do what a step does: by its definition alone, on an empty table. */
export type ShadowWay =
  | { readonly ready: true; readonly copy: CopyDefinition }
  | { readonly ready: false; readonly reason: string; readonly remedy: string };

/** A step before it is known how large the tables of a shard are. */
export interface DraftStep extends Omit<Step, 'rows' | 'bytes' | 'readsData'> {
  /** True where the migration made the table: it is empty and no one uses it. */
  readonly madeHere: boolean;
  /** Row versions that it uses up on MySQL: 0 or 1. */
  readonly rowVersions: number;
  /** How it is done on an empty or small table, where that differs. */
  readonly whenSmall: SmallWay | undefined;
  /** For a step of path `copy`: how it is done while writes go on. */
  readonly shadow?: ShadowWay | undefined;
}

/** A migration taken apart for all shards whose definitions and server are the same. */
export interface Draft {
  readonly migration: string;
  readonly steps: readonly DraftStep[];
  readonly refusals: readonly PlanRefusal[];
  readonly probes: readonly DataProbe[];
  /** The columns and tables that the step removes, for the triggers and views of each shard. */
  readonly removed: readonly RemovedName[];
  /** Queries that were answered from the rows of one shard. */
  readonly dataReads: readonly string[];
}

/** The parts of a step that most steps leave empty. */
export const NO_CHECKS: {
  readonly parameters: readonly unknown[];
  readonly session: Readonly<Record<string, number | string>>;
  readonly checks: readonly DataCheck[];
  readonly whenSmall: undefined;
  readonly rowVersions: number;
} = {
  parameters: [],
  session: {},
  checks: [],
  whenSmall: undefined,
  rowVersions: 0,
};

/** For a clause whose outcome is there. */
export const NOTHING_TO_DO = {
  ...NO_CHECKS,
  sql: '',
  path: 'already-there',
  lock: 'none',
  madeHere: false,
  verify: { kind: 'repeatable' },
} as const;
