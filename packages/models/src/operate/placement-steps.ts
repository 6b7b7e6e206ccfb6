import type { ShardTenantChange, ShardTenantState } from '@switchyard/shard-context';
import type { Connection } from 'mysql2/promise';
import { run } from '../fence/change-row.ts';
import { TENANT_ROW } from '../fence/fence-condition.ts';

/** A change of a tenant's record that any process may make once the directory has decided. */
export interface Step {
  readonly verb: string;
  readonly from: readonly ShardTenantState[];
  readonly to: ShardTenantState;
  /** True where the row goes on saying which mover moved it. */
  readonly keepsMover?: true;
}

/** Every such change. What only a mover may do stands in `mover-steps.ts`. */
export const STEPS = {
  thaw: { verb: 'thaw', from: ['frozen', 'sealed'], to: 'active' },
  activate: { verb: 'activate', from: ['incoming'], to: 'active' },
  retire: { verb: 'retire', from: ['sealed'], to: 'moved', keepsMover: true },
  remove: { verb: 'remove', from: ['incoming'], to: 'removed' },
} as const satisfies Record<string, Step>;

/** Takes the step where the row is as it must be; true where it was taken now. */
export function takeStep(
  connection: Connection,
  change: ShardTenantChange & { readonly movedTo?: string },
  { from, to, keepsMover }: Step,
): Promise<boolean> {
  const mover = keepsMover === true ? '' : ', mover = NULL';
  return run(
    connection,
    `UPDATE shard_tenant SET state = ?, epoch = ?, moved_to = ?, moving_to = NULL,
       freeze_ends = NULL, lease_ends = NULL${mover}
     WHERE ${TENANT_ROW} AND state IN (?) AND epoch = ?`,
    [to, change.toEpoch, change.movedTo ?? null, change.tenant, from, change.fromEpoch],
  );
}
