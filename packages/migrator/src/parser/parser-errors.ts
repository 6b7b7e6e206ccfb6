import { SwitchyardError } from '@switchyard/shard-context/internal';

/** The SQL parser cannot be loaded: its package is missing or not the version that we know. */
export class ParserUnavailableError extends SwitchyardError {
  static override readonly code = 'SQL_PARSER_UNAVAILABLE';

  constructor(cause: unknown) {
    super(
      {
        attempted: 'load the SQL parser',
        reason: 'dt-sql-parser is missing or not laid out as the version that this release uses',
        remedy: 'Install the dependencies again; do not override the version of dt-sql-parser',
      },
      { cause },
    );
  }
}
