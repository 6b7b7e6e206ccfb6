import { defineTopology } from '@switchyard/shard-context';
import { expect, it, vi } from 'vitest';
import { Directory } from './directory.ts';
import { MemoryStore } from './stores/memory.ts';

const server = {
  name: 'a',
  region: 'us',
  engine: 'mysql' as const,
  writer: { host: 'db.invalid' },
  credentials: () => ({ user: 'u', password: 'p' }),
};
const topology = defineTopology({
  fleet: 'test',
  regions: ['us'],
  servers: [server],
  shards: [{ name: 'us1', ordinal: 1, server: 'a', database: 'one' }],
});

it('cachedTenant answers at once what is fresh and of the epoch asked for, and reads nothing', async () => {
  const store = new MemoryStore();
  let now = 1_000;
  const open = () =>
    new Directory({
      store,
      topology,
      keyHash: { current: { id: 'h1', secret: 'a secret of the unit tests' } },
      cache: { pollMs: 0, softAgeMs: 1_000, hardAgeMs: 10_000, clock: { now: () => now } },
    });
  await open().assign('t');
  const directory = open();
  const read = vi.spyOn(store, 'findPlacements');
  expect(directory.cachedTenant('t')).toBeUndefined();
  expect(read).not.toHaveBeenCalled();
  const placement = await directory.locateTenant('t');
  expect(directory.cachedTenant('t')).toBe(placement);
  expect(directory.cachedTenant('t', { minEpoch: placement.epoch })).toBe(placement);
  expect(directory.cachedTenant('t', { minEpoch: placement.epoch + 1 })).toBeUndefined();
  now += 1_200; // beyond the longest jittered soft age
  expect(directory.cachedTenant('t')).toBeUndefined();
  expect(read).toHaveBeenCalledTimes(1);
});
