import { SwitchyardError } from '@switchyard/shard-context/internal';

/** No scratch database can be made on the shard's server, so nothing can be planned there. */
export class ScratchRefusedError extends SwitchyardError {
  static override readonly code = 'SCRATCH_REFUSED';

  constructor(shard: string, cause: unknown) {
    super(
      {
        attempted: 'make a scratch database for planning',
        shard,
        reason: 'the server does not let this user create databases',
        remedy:
          'Grant ALL ON `switchyard\\_scratch\\_%`.* to the user that migrates; nothing else is needed',
      },
      { cause },
    );
  }
}

/** Something of a plan was still at work when its scratch database was dropped. */
export class ScratchClosedError extends SwitchyardError {
  static override readonly code = 'SCRATCH_CLOSED';

  constructor(shard: string) {
    super({
      attempted: 'run a statement in a scratch database',
      shard,
      reason: 'planning has ended, and its scratch database is dropped',
      remedy: 'Plan again; report this where it comes back',
    });
  }
}

/** A table of the shard cannot be made again from its own definition. */
export class TableNotMirroredError extends SwitchyardError {
  static override readonly code = 'TABLE_NOT_MIRRORED';

  constructor(shard: string, table: string, cause: unknown) {
    super(
      {
        attempted: `mirror table ${table} for planning`,
        shard,
        reason: 'the server refuses its own SHOW CREATE TABLE, or answers it differently',
        remedy: 'Compare the server settings with those the table was made under',
      },
      { cause },
    );
  }
}

/** The migration's own code threw, or asked for something that cannot be known before it runs. */
export class MigrationNotPlannableError extends SwitchyardError {
  static override readonly code = 'MIGRATION_NOT_PLANNABLE';

  constructor(
    migration: string,
    shard: string,
    reason: string,
    remedy: string,
    options?: { cause?: unknown },
  ) {
    super({ attempted: `plan migration ${migration}`, shard, reason, remedy }, options);
  }
}
