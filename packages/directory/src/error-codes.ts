import type {
  AssignmentImpossibleError,
  DirectoryNotPreparedError,
  DirectoryOptionsInvalidError,
  KeyMalformedError,
  KeyTakenError,
  PlacementChangedError,
  PlacementInvalidError,
  TenantSwitchRefusedError,
} from './contract/errors.ts';

/** The errors of this package by their codes. */
export interface DirectoryErrors {
  readonly DIRECTORY_OPTIONS_INVALID: DirectoryOptionsInvalidError;
  readonly DIRECTORY_NOT_PREPARED: DirectoryNotPreparedError;
  readonly ASSIGNMENT_IMPOSSIBLE: AssignmentImpossibleError;
  readonly PLACEMENT_INVALID: PlacementInvalidError;
  readonly PLACEMENT_CHANGED: PlacementChangedError;
  readonly KEY_TAKEN: KeyTakenError;
  readonly KEY_MALFORMED: KeyMalformedError;
  readonly TENANT_SWITCH_REFUSED: TenantSwitchRefusedError;
}

declare module '@switchyard/shard-context/errors' {
  interface SwitchyardErrors extends DirectoryErrors {}
}
