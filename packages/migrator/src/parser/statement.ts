/** What one clause of an ALTER TABLE changes. */
export type ClauseKind =
  | 'add-column'
  | 'drop-column'
  | 'modify-column'
  | 'rename-column'
  | 'column-default'
  | 'add-index'
  | 'add-unique'
  | 'add-special-index'
  | 'add-primary-key'
  | 'drop-primary-key'
  | 'drop-index'
  | 'rename-index'
  | 'alter-index'
  | 'add-foreign-key'
  | 'drop-foreign-key'
  | 'add-check'
  | 'drop-constraint'
  | 'alter-check'
  | 'rename-table'
  | 'convert-charset'
  | 'table-option'
  | 'rebuild'
  | 'partition'
  | 'partition-move'
  | 'drop-partition';

/** One clause of an ALTER TABLE, as it was written. */
export interface Clause {
  readonly kind: ClauseKind;
  /** The clause's own text. */
  readonly text: string;
  /** Name of the column, index or constraint it is about; of the table for `rename-table`. */
  readonly name: string | undefined;
  /** The new name, where the clause gives one. */
  readonly newName: string | undefined;
  /** Data type and attributes of a column, as written, without its place. */
  readonly definition: string | undefined;
  /** `FIRST` or `AFTER x`, as written; empty for the end of the table. */
  readonly position: string;
  /** Columns of an index or foreign key; undefined where one of them is an expression or prefix. */
  readonly columns: readonly string[] | undefined;
  /** The other end of a foreign key. */
  readonly references: { readonly table: string; readonly columns: readonly string[] } | undefined;
}

/** What a statement is, as far as planning needs to know. */
export type Statement =
  | { readonly kind: 'alter'; readonly table: string; readonly clauses: readonly Clause[] }
  | {
      readonly kind: 'create-table';
      readonly table: string;
      readonly references: readonly string[];
    }
  | { readonly kind: 'drop-table'; readonly tables: readonly string[] }
  | {
      readonly kind: 'rename-table';
      readonly renames: readonly { readonly from: string; readonly to: string }[];
    }
  | { readonly kind: 'truncate'; readonly table: string }
  | {
      readonly kind: 'object';
      readonly action: 'create' | 'replace' | 'drop';
      readonly object: 'view' | 'trigger' | 'procedure' | 'function';
      readonly name: string;
    }
  | {
      readonly kind: 'data';
      readonly verb: 'insert' | 'insert-select' | 'update' | 'delete';
      /** The tables that are changed or read. */
      readonly tables: readonly string[];
      readonly limited: boolean;
    }
  | { readonly kind: 'read' }
  | { readonly kind: 'transaction' }
  | { readonly kind: 'foreign-key-checks'; readonly on: boolean }
  | { readonly kind: 'elsewhere'; readonly database: string }
  | { readonly kind: 'unreadable'; readonly reason: string; readonly remedy: string };
