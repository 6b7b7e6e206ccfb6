// The errors that your own locator throws, so that adapters and router can distinguish “unknown” from
// “could not look it up”.
export {
  DirectoryUnavailableError,
  KeyUnknownError,
  TenantUnknownError,
} from './routing-errors.ts';
