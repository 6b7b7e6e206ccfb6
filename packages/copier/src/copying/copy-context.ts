import type { Permission } from '../apply/permission.ts';
import type { TablePair } from '../apply/row-carrier.ts';
import type { RowWriter } from '../apply/row-writer.ts';
import type { ChangeSource } from '../changes/change-source.ts';
import type { StateTable } from '../checkpoint/copy-state.ts';
import type { Pace, PaceOptions } from '../chunks/pace.ts';
import type { LockOptions } from '../locks/lock-tables.ts';
import type { Failpoints } from '../progress/failpoints.ts';
import type { OnCopyEvent } from '../progress/progress.ts';
import type { Connect, CopierSession } from '../session/open-session.ts';
import type { Throttler } from '../throttle/throttler.ts';
import type { CopyNames } from '../table/copy-names.ts';
import type { NewDefinition } from './new-definition.ts';

/** What a shadow copy is asked to do, and what it works with. */
export interface ShadowCopyOptions extends NewDefinition {
  /** Opens connections to the table's database, as an account with rights on the table. */
  readonly connect: Connect;
  readonly table: string;
  /** Default: everything is permitted. */
  readonly permission?: Permission;
  /** Default: nothing slows the copy. */
  readonly throttler?: Throttler;
  /** Sizes of chunks. Default: steered to 40 ms. */
  readonly pace?: PaceOptions;
  /** Default true: every row is compared before the swap. */
  readonly checksum?: boolean;
  /** Default false: the old table is dropped after the swap. */
  readonly keepOldTable?: boolean;
  /** Asked before the swap, again each second while it says no: an operator releases it. */
  readonly mayCutOver?: () => Promise<boolean>;
  /** Account of the triggers, as SQL. Default: that of `connect`; it has to last. */
  readonly definer?: string;
  readonly onEvent?: OnCopyEvent;
  readonly failpoints?: Failpoints;
  /** Ends the run after the present transaction; `resume` goes on. */
  readonly signal?: AbortSignal;
  /** How long to try to lock the table. Default 10 minutes. */
  readonly lockGiveUpMs?: number;
}

/** A run of a shadow copy: what its phases share. */
export interface CopyContext {
  readonly options: ShadowCopyOptions;
  readonly names: CopyNames;
  readonly session: CopierSession;
  readonly state: StateTable;
  readonly failpoints: Failpoints;
  readonly emit: OnCopyEvent;
  readonly lock: LockOptions;
}

/** A run that copies: pair, change source and writer are there. */
export interface CopyingContext extends CopyContext {
  readonly pair: TablePair;
  readonly changes: ChangeSource;
  /** Tables of the change source that are read under table locks. */
  readonly logTables: readonly string[];
  readonly writer: RowWriter;
  readonly pace: Pace;
}
