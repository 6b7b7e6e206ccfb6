import { MemoryStore } from '@switchyard/directory/memory';
import { describe, expect, it } from 'vitest';
import { defineFleet, start } from './define-fleet.ts';
import type { FleetOptions } from './fleet-options.ts';
import { isFleet } from './switchyard-fleet.ts';

const keyHash = { current: { id: 'k1', secret: 'a secret of the test' } };
const server = {
  region: 'us',
  engine: 'mysql',
  writer: { host: '127.0.0.1', port: 1 },
  credentials: () => ({ user: 'app', password: 'p' }),
} as const;
const options: FleetOptions = {
  config: import.meta.url,
  fleet: 'shop',
  regions: ['us'],
  servers: [{ name: 'shared', ...server }],
  shards: [
    { name: 'us1', ordinal: 1, database: 'a', server },
    { name: 'us2', ordinal: 2, database: 'b', server: 'shared' },
  ],
  directory: { store: new MemoryStore(), keyHash },
  entities: [],
};

describe('a fleet', () => {
  it('takes servers of several shards and of one alone', async () => {
    await using fleet = defineFleet({ ...options, directory: { server: 'shared', keyHash } });
    expect(fleet.topology.shard('us1').server.name).toBe('us1');
    expect(fleet.topology.shard('us2').server.name).toBe('shared');
    expect(fleet.dataSource.isInitialized).toBe(false);
    expect([isFleet(fleet), isFleet({ ...fleet }), isFleet(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it('keeps lock file and migrations beside its config, or where it is told', () => {
    const fleet = defineFleet(options);
    expect(fleet.lockFile.path).toMatch(/packages\/fleet\/src\/switchyard\.lock\.json$/);
    expect(fleet.migrations).toEqual([]); // there is no such folder
    const elsewhere = { lockFile: '/tmp/shop.json', migrations: './schema/*.ts' };
    const told = defineFleet({ ...options, ...elsewhere });
    expect([told.lockFile.path, told.migrations]).toEqual(['/tmp/shop.json', ['./schema/*.ts']]);
  });

  it('starts once, and not after its end', async () => {
    const fleet = defineFleet(options);
    expect(await start(fleet)).toBe(fleet);
    await expect(start(fleet)).rejects.toMatchObject({ code: 'FLEET_USED' });
    await fleet.close();
    await expect(start(fleet)).rejects.toMatchObject({ code: 'FLEET_USED' });
    expect(fleet.dataSource.isInitialized).toBe(false);
  });

  it('names every wrong option at once, before anything is made', () => {
    const wrong = { ...options, scopeRead: true, config: 'here', directory: { keyHash } };
    expect(() => defineFleet(wrong as never)).toThrow(
      expect.objectContaining({
        code: 'FLEET_OPTIONS_INVALID',
        problems: [
          'scopeRead: there is no such option',
          'config: expected import.meta.url',
          'directory: expected either a server or a store',
        ],
      }),
    );
  });

  it('refuses a directory on a server that it does not have', () => {
    const directory = { server: 'eu-a', keyHash };
    expect(() => defineFleet({ ...options, directory })).toThrow(
      /no server eu-a, only shared, us1/,
    );
  });
});
