import { defineTopology } from '@switchyard/shard-context';
import { describe, expect, it } from 'vitest';
import { withDefaults, type RolloutPolicy } from './rollout-policy.ts';
import { divideIntoWaves } from './waves.ts';

const credentials = () => ({ user: 'u', password: 'p' });
const writer = { host: 'h' };
const topology = defineTopology({
  fleet: 'test',
  regions: ['us', 'eu'],
  servers: [
    { name: 'us', region: 'us', engine: 'mariadb', writer, credentials },
    { name: 'eu', region: 'eu', engine: 'mariadb', writer, credentials },
  ],
  shards: ['us1', 'us2', 'eu1', 'eu2', 'us3'].map((name, i) => ({
    name,
    ordinal: i + 1,
    server: name.slice(0, 2),
    database: name,
    tags: name === 'eu2' ? ['quiet'] : [],
  })),
});

describe('the waves of a rollout', () => {
  it('are one canary and the rest, where nothing is said', () => {
    expect(waves({})).toEqual(['canary: us1', 'wave 1: us2 eu1 eu2 us3']);
  });

  it('have no canary where there is one shard', () => {
    expect(waves({}, ['eu1'])).toEqual(['wave 1: eu1']);
  });

  it('follow regions, tags, names and shares, and no one is left out', () => {
    const policy: RolloutPolicy = {
      canary: ['us3', 'eu1'],
      waves: [{ tag: 'quiet' }, { region: 'us', count: 1 }, { shards: ['us3'] }],
    };
    expect(waves(policy)).toEqual(['canary: eu1 us3', 'wave 1: eu2', 'wave 2: us1', 'wave 4: us2']);
    expect(waves({ canary: [], waves: [{ share: 0.4 }] })).toEqual([
      'wave 1: us1 us2',
      'wave 2: eu1 eu2 us3',
    ]);
  });

  it('take the smallest or the largest shards first', () => {
    const bytes: Record<string, number> = { us1: 5, us2: 1, eu1: 4, eu2: 2, us3: 3 };
    const policy = { canary: [], order: 'smallest-first' } as const;
    expect(waves(policy, undefined, (shard) => bytes[shard]!)).toEqual([
      'wave 1: us2 eu2 us3 eu1 us1',
    ]);
    expect(waves({ ...policy, order: 'largest-first' }, undefined, (s) => bytes[s]!)).toEqual([
      'wave 1: us1 eu1 us3 eu2 us2',
    ]);
  });

  it('refuse a shard that the topology does not have', () => {
    expect(() => waves({ canary: ['us9'] })).toThrowError(
      expect.objectContaining({ code: 'SHARD_UNKNOWN' }),
    );
  });

  it('lets the shard with the most rows go first where no canary is named', () => {
    const rows: Record<string, number> = { us2: 7, eu1: 9 };
    const size = (name: string) => ({ rows: rows[name] ?? 0, bytes: 0 });
    const known = topology.shards.map(({ name }) => name);
    const [canary] = divideIntoWaves(topology.shards, withDefaults(), known, size);
    expect(canary).toMatchObject({ name: 'canary', shards: [{ name: 'eu1' }] });
  });
});

function waves(policy: RolloutPolicy, only?: readonly string[], bytes?: (shard: string) => number) {
  const known = topology.shards.map(({ name }) => name);
  const shards = topology.shards.filter(({ name }) => only?.includes(name) ?? true);
  return divideIntoWaves(
    shards,
    withDefaults(policy),
    known,
    bytes && ((name) => ({ rows: 0, bytes: bytes(name) })),
  ).map((wave) => `${wave.name}: ${wave.shards.map(({ name }) => name).join(' ')}`);
}
