import type {
  ConfigInvalidError,
  ConfigMissingError,
  ConfigNotLoadedError,
  UsageError,
} from './config/config-errors.ts';

/** The errors of this package by their codes. */
export interface CliErrors {
  readonly CONFIG_MISSING: ConfigMissingError;
  readonly CONFIG_NOT_LOADED: ConfigNotLoadedError;
  readonly CONFIG_INVALID: ConfigInvalidError;
  readonly USAGE: UsageError;
}

declare module '@switchyard/shard-context/errors' {
  interface SwitchyardErrors extends CliErrors {}
}
