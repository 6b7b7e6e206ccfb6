import { SwitchyardError } from '@switchyard/shard-context/internal';

/** Two shards of the topology reach the same database. Nothing was changed. */
export class SameDatabaseError extends SwitchyardError {
  static override readonly code = 'SAME_DATABASE';
  constructor(shard: string, other: string, how: string) {
    super({
      attempted: 'prepare',
      shard,
      reason: `it reaches the same database as shard ${other} (${how})`,
      remedy: 'Give each shard a database of its own in the topology',
    });
  }
}

/** The database has tables and no identity: someone uses it. Nothing was changed. */
export class DatabaseInUseError extends SwitchyardError {
  static override readonly code = 'DATABASE_IN_USE';
  constructor(shard: string, tables: readonly string[]) {
    const shown = tables.slice(0, 3).join(', ');
    super({
      attempted: 'prepare',
      shard,
      reason: `its database is not new: it has ${tables.length} tables (${shown}${tables.length > 3 ? ', …' : ''})`,
      remedy: 'Use `switchyard adopt` for a database in use, or name an empty one in the topology',
    });
  }
}

/** A second shard is to be made, and no one said that no process gives out plain ids any more. */
export class WritersNotInterleavedError extends SwitchyardError {
  static override readonly code = 'WRITERS_NOT_INTERLEAVED';
  constructor(shard: string, first: string) {
    super({
      attempted: 'prepare a second shard',
      shard,
      reason: `a process that still writes to ${first} without interleaved ids would give out the ids that ${shard} gives out`,
      remedy:
        'Deploy the sharded data source to every writer, then repeat with --all-writers-interleaved',
    });
  }
}

/** A new shard could not be brought to the schema of its siblings. It stays empty of rows. */
export class SchemaCopyError extends SwitchyardError {
  static override readonly code = 'SCHEMA_COPY';
  constructor(shard: string, sibling: string, reason: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: `bring the schema of ${sibling}`,
        shard,
        reason,
        remedy: `Fix what is named on ${sibling} or on ${shard}, then repeat \`switchyard prepare\``,
      },
      options,
    );
  }
}

/** Several shards could not be prepared. */
export class PrepareFailedError extends SwitchyardError {
  static override readonly code = 'PREPARE_FAILED';
  /** One per shard that could not. */
  readonly failures: readonly Error[];
  constructor(failures: readonly Error[], changed: boolean) {
    super(
      {
        attempted: 'prepare the fleet',
        reason: failures.map(({ message }) => message.replace(/\.$/, '')).join('; '),
        remedy: changed
          ? 'Fix what is named and repeat `switchyard prepare`; what is done is left alone'
          : 'Fix what is named and repeat `switchyard prepare`; nothing was changed',
      },
      { cause: failures[0] },
    );
    this.failures = failures;
  }
}
