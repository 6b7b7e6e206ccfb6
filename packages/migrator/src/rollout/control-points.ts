/** The named steps of a shard's run, in order: what tests kill. */
export type RolloutPoint =
  | 'lease-taken'
  | 'migration-noted'
  | 'step-noted'
  | 'before-statement'
  | 'after-statement'
  | 'step-ended'
  | 'before-migration-ended'
  | 'migration-ended'
  | 'lease-released';

/** `<point>` or `<point>@<shard>`: where a test wants the process to end as if by `kill -9`. */
const CRASH_AT = 'SWITCHYARD_CRASH_AT';

/** Ends the process here when a test asked for it. Costs one look at the environment. */
export function passPoint(point: string, shard: string): void {
  const wanted = process.env[CRASH_AT];
  if (wanted === undefined) return;
  if (wanted === point || wanted === `${point}@${shard}`) process.kill(process.pid, 'SIGKILL');
}

/** `passPoint` for the steps of a shard's run. */
export function passControlPoint(point: RolloutPoint, shard: string): void {
  passPoint(point, shard);
}
