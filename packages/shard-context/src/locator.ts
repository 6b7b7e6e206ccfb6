// What a locator of your own throws, so that adapters and router tell "unknown" from "could not look".
export {
  DirectoryUnavailableError,
  KeyUnknownError,
  TenantUnknownError,
} from './routing-errors.ts';
