import { defineTopology } from '@switchyard/shard-context';
import { describe, expect, it } from 'vitest';
import { Directory } from './directory.ts';
import { MemoryStore } from './stores/memory.ts';

const credentials = () => ({ user: 'u', password: 'p' });
const topology = defineTopology({
  fleet: 'f',
  regions: ['us'],
  servers: [{ name: 'a', region: 'us', engine: 'mysql', writer: { host: 'h' }, credentials }],
  shards: [{ name: 'us1', ordinal: 1, server: 'a', database: 'd' }],
});
const keyHash = { current: { id: 'k', secret: 's'.repeat(32) } };
const KEY = { kind: 'api-key', value: 'v' };

describe('a tenant whose name the fleet does not allow', () => {
  it.each(['', 'ACME', 'acme ', 'a'.repeat(64)])('%j: is refused at every door', async (tenant) => {
    const store = new MemoryStore();
    const directory = new Directory({ store, topology, keyHash });
    const doors = [
      () => directory.assign(tenant),
      () => directory.addKey(KEY, tenant),
      () => directory.locateTenant(tenant),
      () => directory.locateTenant(tenant, { minEpoch: 2 }),
      () => directory.compareAndSet(1, { tenant, shard: 'us1', epoch: 2, state: 'active' }),
    ];
    for (const door of doors) {
      await expect(door()).rejects.toMatchObject({ code: 'TENANT_NAME_REFUSED' });
    }
    expect((await directory.listPlacements()).items).toEqual([]);
  });
});
