import type { CopyStep } from '@switchyard/copier';

/** The named points of a rollout on a shard, in order, and of the preparation of one. */
export type RunPoint =
  | 'lease-taken'
  | 'migration-noted'
  | 'step-noted'
  | 'before-statement'
  | `copy-${CopyStep}`
  | 'after-statement'
  | 'step-ended'
  | 'before-migration-ended'
  | 'migration-ended'
  | 'lease-released'
  | 'before-shard'
  | 'identity-stamped'
  | 'ledger-made'
  | 'schema-begun'
  | 'table-copied'
  | 'schema-copied'
  | 'adoption-noted'
  | 'tenants-admitted';

/**
 * Told of each point that the work on a shard passes, before it goes on: for tests that end or stop
 * the process there. What it throws ends the work as any failure does.
 */
export type AtPoint = (point: RunPoint, shard: string) => void;
