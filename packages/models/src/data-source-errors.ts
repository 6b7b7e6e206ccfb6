import { SwitchyardError } from '@switchyard/shard-context/internal';

/** An option that cannot hold for several shards, or that would act on all of them at start-up. */
export class OptionRefusedError extends SwitchyardError {
  static override readonly code = 'OPTION_REFUSED';
  readonly option: string;

  constructor(option: string, reason: string, remedy: string) {
    super({ attempted: `create a ShardedDataSource with \`${option}\``, reason, remedy });
    this.option = option;
  }
}

/** The topology declares servers of both engines; one data source speaks to one of them. */
export class EnginesMixedError extends SwitchyardError {
  static override readonly code = 'ENGINES_MIXED';

  constructor(attempted: string) {
    super({
      attempted,
      reason: 'the topology has servers of MySQL and of MariaDB, which answer INSERT differently',
      remedy: 'Use servers of one engine in one fleet',
    });
  }
}

/** This release of TypeORM differs from what the sharded data source was built on. */
export class TypeormChangedError extends SwitchyardError {
  static override readonly code = 'TYPEORM_CHANGED';
  readonly changed: readonly string[];

  constructor(changed: readonly string[]) {
    super({
      attempted: 'start a ShardedDataSource',
      reason: `this TypeORM lacks or changed ${changed.join(', ')}`,
      remedy: 'Install the release of TypeORM that this release of @switchyard/models names',
    });
    this.changed = changed;
  }
}

/** `contextMissing: 'report'` is for the time with one shard; there is a second one now. */
export class ContextReportNotAllowedError extends SwitchyardError {
  static override readonly code = 'CONTEXT_REPORT_NOT_ALLOWED';

  constructor(attempted: string, shards: number) {
    super({
      attempted,
      reason: `contextMissing is 'report' and the topology has ${shards} shards, so a query without a context could run on the wrong one`,
      remedy: 'Give every listed call site a context, then remove the option',
    });
  }
}
