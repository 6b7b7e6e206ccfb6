import { nameBeside } from './names-beside.ts';

/** Names of the tables that a shadow copy makes beside the original. */
export interface CopyNames {
  readonly original: string;
  /** The new table, until the swap. */
  readonly shadow: string;
  /** What the original is called after the swap; on MariaDB the sentry before it. */
  readonly old: string;
  /** Where the copy stands. */
  readonly state: string;
  /** An empty table of the shadow's shape, to find rows in the way. */
  readonly probe: string;
}

/** @throws TableNotCopyableError where the name of the table is too long to make others of */
export function copyNames(original: string): CopyNames {
  return {
    original,
    shadow: nameBeside(original, 'new'),
    old: nameBeside(original, 'old'),
    state: nameBeside(original, 'state'),
    probe: nameBeside(original, 'probe'),
  };
}
