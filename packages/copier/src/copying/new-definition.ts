/** What the shadow is to become. */
export interface NewDefinition {
  /** Clauses of ALTER TABLE: `MODIFY id BIGINT NOT NULL AUTO_INCREMENT`. */
  readonly alter: readonly string[];
  /** Old names of columns that the clauses rename, and their new ones. */
  readonly renamed?: Readonly<Record<string, string>> | undefined;
}
