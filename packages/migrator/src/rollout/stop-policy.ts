import type { ShardOutcome } from './events.ts';
import type { StopPolicy } from './rollout-policy.ts';

/**
 * Why no further shard may begin, or undefined. Only shards that were tried count: what the plan
 * refused and what could not be reached was known before and put nothing at risk.
 */
export function mayBegin(
  policy: StopPolicy,
  all: readonly ShardOutcome[],
  inWave: readonly (ShardOutcome | undefined)[],
): string | undefined {
  if (policy === 'first-failure') return reached(failuresOf(all), 1, 'in all');
  if ('failures' in policy) return reached(failuresOf(all), policy.failures, 'in all');
  return reached(failuresOf(inWave), policy.failuresPerWave, 'in this wave');
}

function failuresOf(outcomes: readonly (ShardOutcome | undefined)[]): number {
  return outcomes.filter((outcome) => outcome?.result === 'failed').length;
}

function reached(failures: number, limit: number, where: string): string | undefined {
  if (failures < limit) return undefined;
  return `${failures} shard${failures === 1 ? '' : 's'} failed ${where}`;
}
