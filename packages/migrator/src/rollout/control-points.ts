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

/** The same, to be stopped as if by `kill -STOP`. */
const STOP_AT = 'SWITCHYARD_STOP_AT';

/** Ends or stops the process here when a test asked for it. Costs two looks at the environment. */
export function passPoint(point: string, shard: string): void {
  if (isAsked(CRASH_AT, point, shard)) process.kill(process.pid, 'SIGKILL');
  if (isAsked(STOP_AT, point, shard)) process.kill(process.pid, 'SIGSTOP');
}

function isAsked(variable: string, point: string, shard: string): boolean {
  const wanted = process.env[variable];
  return wanted !== undefined && (wanted === point || wanted === `${point}@${shard}`);
}

/** `passPoint` for the steps of a shard's run. */
export function passControlPoint(point: RolloutPoint, shard: string): void {
  passPoint(point, shard);
}
