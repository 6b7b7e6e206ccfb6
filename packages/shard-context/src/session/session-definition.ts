/**
 * What every session of the application has, on every shard, whatever its server is set to: without
 * it one instant is stored as two, and what one shard refuses another one cuts. A field that is left
 * out is what `switchyard adopt` found, and in a new fleet the default.
 */
export interface SessionDefinition {
  /**
   * `+00:00`, or a name that every server knows (`Europe/Berlin`). Default `+00:00`. It decides what
   * `NOW()` gives and how TIMESTAMP columns are read and written; how the driver reads dates is
   * `timezone` of the data source.
   */
  readonly timeZone?: string;
  /**
   * Modes of `sql_mode`, comma between. Default: strict, no zero dates, no other engine than the one
   * asked for, and on MySQL `ONLY_FULL_GROUP_BY`. Modes that change how a text is read
   * (`ANSI_QUOTES`, `NO_BACKSLASH_ESCAPES`) are refused.
   */
  readonly sqlMode?: string;
  /** `utf8mb4` (default) or `utf8mb3`: the driver sends every text in UTF-8. */
  readonly charset?: 'utf8mb4' | 'utf8mb3';
  /** A collation of `charset`, for comparisons of texts with each other. Default: the data source's `charset`. */
  readonly collation?: string;
}
