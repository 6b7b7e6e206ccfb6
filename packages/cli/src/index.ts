export type { JobsConfig, SwitchyardConfig } from './config/switchyard-config.ts';
export type {
  ConfigInvalidError,
  ConfigMissingError,
  ConfigNotLoadedError,
  UsageError,
} from './config/config-errors.ts';
export { loadConfig, type LoadedConfig } from './config/load-config.ts';
export { runCli, type CliHost } from './run-cli.ts';
export { EXIT, type ExitCode } from './commands/command-line.ts';
export type { CliErrors } from './error-codes.ts';
