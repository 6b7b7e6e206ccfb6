import { SwitchyardError } from '@switchyard/shard-context/internal';

/** A migration file cannot be used. Nothing was changed anywhere. */
export class MigrationFileError extends SwitchyardError {
  static override readonly code = 'MIGRATION_FILE_BROKEN';

  constructor(file: string, reason: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: `load migration ${file}`,
        reason,
        remedy:
          'Correct the file; a migration is a class with up() and down() whose name ends in a timestamp',
      },
      options,
    );
  }
}
