import type { Statement } from '../parser/statement.ts';

/** One statement that a migration sent, in its order. */
export interface RecordedStatement {
  /** As it was sent, without the scratch database's name before a table. */
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly statement: Statement;
  /** False where the migration had turned `foreign_key_checks` off before. */
  readonly foreignKeyChecks: boolean;
}

/** Why a migration cannot be planned: in its own code, or in what the server said to a statement. */
export interface RecordingFailure {
  readonly rule: 'NOT_PLANNABLE' | 'NOT_AWAITED';
  readonly sql: string;
  readonly reason: string;
  readonly remedy: string;
  /** The value of `--allow` that plans it all the same, where there is one. */
  readonly flag?: string;
  /** True for a server's error: a migration that catches it goes on as it would on the shard. */
  readonly mayBeCaught: boolean;
}

/** All that a migration did when it ran against the scratch database. */
export interface Recording {
  readonly statements: readonly RecordedStatement[];
  readonly failures: readonly RecordingFailure[];
  /** Queries that were answered from the shard's own rows: the plan is for this shard only. */
  readonly dataReads: readonly string[];
}
