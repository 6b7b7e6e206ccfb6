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
  | {
      readonly kind: 'object';
      readonly object: 'view' | 'trigger' | 'procedure' | 'function';
      readonly name: string;
      readonly existsAfter: boolean;
    }
  | { readonly kind: 'repeatable' }
  | { readonly kind: 'transaction' };
