import { SwitchyardError } from '@switchyard/shard-context/internal';

/** There is no config where one was looked for. */
export class ConfigMissingError extends SwitchyardError {
  static override readonly code = 'CONFIG_MISSING';
  constructor(looked: readonly string[]) {
    super({
      attempted: 'load the config',
      reason: `there is no ${looked.join(', ')}`,
      remedy: 'Change to the folder of the config, or name it with --config',
    });
  }
}

/** The config could not be run. */
export class ConfigNotLoadedError extends SwitchyardError {
  static override readonly code = 'CONFIG_NOT_LOADED';
  constructor(path: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      {
        attempted: `load ${path}`,
        reason: reason.replace(/\.$/, ''),
        remedy: 'Correct the file; --verbose shows where it went wrong',
      },
      { cause },
    );
  }
}

/** The config lacks a field or has a wrong one. All are named at once. */
export class ConfigInvalidError extends SwitchyardError {
  static override readonly code = 'CONFIG_INVALID';
  constructor(path: string, problems: readonly string[]) {
    super({
      attempted: `load ${path}`,
      reason: problems.join('; '),
      remedy: 'Correct the named fields',
    });
  }
}

/** The command line asks for something that cannot be done. */
export class UsageError extends SwitchyardError {
  static override readonly code = 'USAGE';
  constructor(attempted: string, reason: string, remedy: string) {
    super({ attempted, reason, remedy });
  }
}
