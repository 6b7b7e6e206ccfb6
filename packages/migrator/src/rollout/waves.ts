import type { Shard } from '@switchyard/shard-context';
import { UnknownShardError } from '@switchyard/shard-context/internal';
import type { FullPolicy, Wave, WaveSelector } from './rollout-policy.ts';

/** What the tables that a rollout changes hold on one shard, by the server's own estimate. */
export interface ShardSize {
  readonly rows: number;
  readonly bytes: number;
}

const NOTHING: ShardSize = { rows: 0, bytes: 0 };

/**
 * Divides shards into the canary and the waves of a policy, in order. Shards that no wave names come
 * last, so that a policy can never leave one out; waves that would be empty are left out.
 * @throws UnknownShardError where a canary or wave names a shard that the topology lacks
 */
export function divideIntoWaves(
  shards: readonly Shard[],
  policy: FullPolicy,
  known: readonly string[],
  sizeOf: (shard: string) => ShardSize = () => NOTHING,
): Wave[] {
  for (const name of namedShards(policy)) {
    if (!known.includes(name)) throw new UnknownShardError('divide into waves', name, known);
  }
  const left = inOrder(shards, policy.order, (name) => sizeOf(name).bytes);
  const first = canaries(policy, shards, (name) => sizeOf(name).rows);
  const canary = take(left, ({ name }) => first.includes(name), Infinity);
  const waves = policy.waves.map((selector) =>
    take(left, matches(selector), limitOf(selector, shards.length)),
  );
  const rest = left.splice(0);
  return [
    { name: 'canary', shards: canary },
    ...[...waves, rest].map((wave, i) => ({ name: `wave ${i + 1}`, shards: wave })),
  ].filter((wave) => wave.shards.length > 0);
}

function namedShards(policy: FullPolicy): readonly string[] {
  return [...(policy.canary ?? []), ...policy.waves.flatMap((wave) => wave.shards ?? [])];
}

/** By default the shard with the most rows: what is refused because of rows is seen there first. */
function canaries(
  policy: FullPolicy,
  shards: readonly Shard[],
  rowsOf: (shard: string) => number,
): readonly string[] {
  if (policy.canary !== undefined) return policy.canary;
  if (shards.length < 2) return [];
  const names = shards.map(({ name }) => name);
  return [names.reduce((most, name) => (rowsOf(name) > rowsOf(most) ? name : most))];
}

function inOrder(
  shards: readonly Shard[],
  order: FullPolicy['order'],
  bytesOf: (shard: string) => number,
): Shard[] {
  if (order === 'declared') return [...shards];
  const sign = order === 'smallest-first' ? 1 : -1;
  return [...shards].sort((a, b) => sign * (bytesOf(a.name) - bytesOf(b.name)));
}

function matches(selector: WaveSelector): (shard: Shard) => boolean {
  return (shard) =>
    (selector.shards?.includes(shard.name) ?? true) &&
    (selector.region === undefined || shard.server.region === selector.region) &&
    (selector.tag === undefined || shard.tags.includes(selector.tag));
}

function limitOf(selector: WaveSelector, all: number): number {
  const share = selector.share === undefined ? Infinity : Math.ceil(selector.share * all);
  return Math.min(selector.count ?? Infinity, share);
}

/** Takes up to `limit` matching shards out of `left`. */
function take(left: Shard[], wanted: (shard: Shard) => boolean, limit: number): Shard[] {
  const taken = left.filter(wanted).slice(0, limit);
  for (const shard of taken) left.splice(left.indexOf(shard), 1);
  return taken;
}
