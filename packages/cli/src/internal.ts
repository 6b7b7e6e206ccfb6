// For Switchyard's own packages only; semver does not cover it.
export {
  ConfigInvalidError,
  ConfigMissingError,
  ConfigNotLoadedError,
  UsageError,
} from './config/config-errors.ts';
