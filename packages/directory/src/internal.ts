// For Switchyard's own packages only; semver does not cover it.
export {
  AssignmentImpossibleError,
  DirectoryNotPreparedError,
  DirectoryOptionsInvalidError,
  KeyMalformedError,
  KeyTakenError,
  PlacementChangedError,
  PlacementInvalidError,
  TenantSwitchRefusedError,
} from './contract/errors.ts';
