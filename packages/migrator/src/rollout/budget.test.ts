import { defineTopology } from '@switchyard/shard-context';
import { describe, expect, it } from 'vitest';
import { Budget } from './budget.ts';

const topology = defineTopology({
  fleet: 'test',
  regions: ['us', 'eu'],
  servers: ['a', 'b', 'c'].map((name) => ({
    name,
    region: name === 'c' ? 'eu' : 'us',
    engine: 'mariadb' as const,
    writer: { host: name },
    credentials: () => ({ user: 'u', password: 'p' }),
  })),
  shards: Array.from({ length: 12 }, (_, i) => ({
    name: `s${i}`,
    ordinal: i + 1,
    server: 'abc'[i % 3]!,
    database: `s${i}`,
  })),
});

describe('the budgets of a rollout', () => {
  it.each([
    [
      { perServer: 2, perRegion: Infinity, total: 16 },
      { server: 2, region: 4, total: 6 },
    ],
    [
      { perServer: 4, perRegion: 3, total: 16 },
      { server: 3, region: 3, total: 6 },
    ],
    [
      { perServer: 4, perRegion: 8, total: 5 },
      { server: 4, region: 5, total: 5 },
    ],
  ])('%o are never exceeded, and are used', async (limits, most) => {
    const budget = new Budget(limits);
    const now = new Map<string, number>();
    const peak = { server: 0, region: 0, total: 0 };
    await Promise.all(
      topology.shards.map((shard) =>
        budget.run(shard, async () => {
          const keys = {
            server: `server ${shard.server.name}`,
            region: `region ${shard.server.region}`,
            total: 'total',
          };
          for (const [kind, key] of Object.entries(keys)) {
            now.set(key, (now.get(key) ?? 0) + 1);
            peak[kind as keyof typeof peak] = Math.max(
              peak[kind as keyof typeof peak],
              now.get(key)!,
            );
          }
          await new Promise((resolve) => setImmediate(resolve));
          for (const key of Object.values(keys)) now.set(key, now.get(key)! - 1);
        }),
      ),
    );
    expect(peak.server).toBeLessThanOrEqual(most.server);
    expect(peak.region).toBeLessThanOrEqual(most.region);
    expect(peak.total).toBe(most.total);
  });
});
