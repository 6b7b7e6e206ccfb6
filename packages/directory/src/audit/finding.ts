import type { FoundShardTenant, Placement, ShardTenant } from '@switchyard/shard-context';
import { isHeld } from '../moves/end-freeze.ts';

/**
 * In which way directory and shards contradict each other on a tenant.
 * `unplaced`: a shard has it, and the directory does not know it.
 * `misplaced`: another shard has it than the directory names.
 * `lost`: the directory names a shard, and no shard has it.
 * `twice`: several shards take its writes.
 * `epoch`: the right shard has it, at another epoch.
 * `unfinished`: a process died between two writes; `directory.settle` completes it.
 */
export type Contradiction = 'unplaced' | 'misplaced' | 'lost' | 'twice' | 'epoch' | 'unfinished';

/** One tenant on which directory and shards contradict each other. */
export interface Finding {
  readonly tenant: string;
  readonly finding: Contradiction;
  /** What the directory says; undefined where it does not know the tenant. */
  readonly placement: Placement | undefined;
  /** What the shards say; those without a row are left out. */
  readonly rows: readonly FoundShardTenant[];
}

/** What both sides say of a tenant. */
export interface BothSides {
  readonly placement: Placement | undefined;
  readonly rows: readonly FoundShardTenant[];
}

/** The contradiction, if any. A move that is under way and in order is none. */
export function judge({ placement, rows }: BothSides): Contradiction | undefined {
  const active = rows.filter(({ row }) => row.state === 'active');
  if (active.length > 1) return 'twice';
  const live = rows.filter(({ row }) => row.state === 'active' || isHeld(row));
  if (placement === undefined) return live.length === 0 ? undefined : 'unplaced';
  const here = rows.find(({ shard }) => shard === placement.shard)?.row;
  if (here === undefined) return judgeAbsent(placement, live);
  if (here.state === 'active') return judgeActive(placement, here);
  if (isHeld(here)) return judgeHeld(placement, here, active.length > 0);
  const comes = here.state === 'incoming' && here.epoch === placement.epoch - 1;
  if (comes && placement.state === 'active') return 'unfinished';
  if (live.length === 0) return 'lost';
  return here.state === 'moved' ? 'misplaced' : 'unfinished';
}

function judgeAbsent(placement: Placement, live: readonly FoundShardTenant[]): Contradiction {
  if (live.length > 0) return 'misplaced';
  return placement.state === 'assigning' ? 'unfinished' : 'lost';
}

function judgeActive(placement: Placement, here: ShardTenant): Contradiction | undefined {
  if (here.epoch !== placement.epoch) return 'epoch';
  if (placement.state === 'frozen') return 'epoch';
  return placement.state === 'assigning' ? 'unfinished' : undefined;
}

function judgeHeld(
  placement: Placement,
  here: ShardTenant,
  isActiveElsewhere: boolean,
): Contradiction | undefined {
  const isOver = here.state === 'frozen' ? here.freezeIsOver : here.leaseIsOver;
  if (isActiveElsewhere || isOver) return 'unfinished';
  // Its mover is between two steps, or a thaw is: who looks again finds it in order.
  return placement.epoch > here.epoch ? 'unfinished' : undefined;
}
