import type { Connection } from 'mysql2/promise';
import type { Key } from '../session/raw-value.ts';

/** A row that was inserted, updated or deleted: only its key, never its values. */
export interface KeyChange {
  /** The table of the source whose row changed. */
  readonly table: string;
  /** An update that changes a key is two changes: of the old key and of the new one. */
  readonly key: Key;
  /**
   * True where the row was deleted, or where a column changed by which rows of other tables hang
   * on it (a foreign key's referenced column, a tenant's path): the change stands for those rows
   * too, because changes by cascade fire no triggers.
   */
  readonly standsForRowsBelow: boolean;
}

/** Changes in no particular order; several may be of one key. */
export interface ChangeBatch {
  readonly changes: readonly KeyChange[];
  /** For `done`: what the source needs to forget exactly these changes. */
  readonly receipt: unknown;
  /** True where the batch was cut at the limit: more is waiting now. */
  readonly more: boolean;
}

/**
 * Says which keys changed, and loses none. What it says is a reason to read the row again: a key
 * may come twice, late, and without a change. One consumer at a time, under a lease of the run.
 * Each call names the session to work in, because the last changes are read in the session that
 * holds the table locks: another one could not read them.
 */
export interface ChangeSource {
  /**
   * Begins to record. When it resolves, each change that commits from now on will be read. May be
   * called again after a kill at any point; then it goes on from its record.
   * @throws ChangeSourceUnusableError where the server cannot record without loss
   */
  start(session: Connection): Promise<void>;
  /**
   * Looks whether all changes since `start` are still to be had: triggers in place, log not purged.
   * @throws ChangeSourceLostError where some may be missing: the copy has to begin again
   */
  check(session: Connection): Promise<void>;
  /**
   * Waits until everything that committed before this call can be read. Called under table locks
   * before the last `read`; a source that reads committed rows directly has nothing to wait for.
   */
  reachPresent(session: Connection): Promise<void>;
  /** The changes that are not `done`, at most `limit`. Forgets nothing. */
  read(session: Connection, limit: number): Promise<ChangeBatch>;
  /**
   * Forgets the changes of a batch, in the session's open transaction where there is one, so that
   * they are forgotten exactly where the rows were written. Called only when they are applied, or
   * stored by every run that reads this source.
   */
  done(session: Connection, batch: ChangeBatch): Promise<void>;
  /** About how many changes are waiting. */
  backlog(session: Connection): Promise<number>;
  /** Ends recording and removes what `start` made. May be called again, and before `start`. */
  stop(session: Connection): Promise<void>;
}
