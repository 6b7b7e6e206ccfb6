import { passPoint } from '../rollout/control-points.ts';

/** The named steps of preparing a shard: what tests kill. */
export type PreparePoint =
  | 'before-shard'
  | 'identity-stamped'
  | 'ledger-made'
  | 'schema-begun'
  | 'table-copied'
  | 'schema-copied'
  | 'adoption-noted'
  | 'tenants-admitted';

/** Ends the process here when a test asked for it. */
export function passPreparePoint(point: PreparePoint, shard: string): void {
  passPoint(point, shard);
}
