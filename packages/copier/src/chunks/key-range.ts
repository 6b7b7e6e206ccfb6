import type { Key } from '../session/raw-value.ts';

/** The rows of one chunk: keys after `after` up to and including `upTo`, in the server's order. */
export interface KeyRange {
  /** undefined: from the first key on. */
  readonly after: Key | undefined;
  /** undefined: to the end of the axis, rows that are not there yet included. */
  readonly upTo: Key | undefined;
}
