import { copyFile } from 'node:fs/promises';
import { onEachShard, ShardedDataSource, ShardTenantTable } from '@switchyard/models';
import { identifyShard } from '@switchyard/mysql';
import { defineTopology, LockFile, type Topology } from '@switchyard/shard-context';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';

describe('the lock file and the topology', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ shards: ['us1', 'us2', 'us3'], tenants: { us3: ['t_1'] } });
  });
  afterAll(() => fleet?.stop());

  /** The same fleet without its last shard. */
  const withoutUs3 = (): Topology =>
    defineTopology({
      fleet: fleet.topology.fleet,
      regions: [...fleet.topology.regions],
      servers: fleet.servers,
      shards: fleet.shards.filter(({ name }) => name !== 'us3'),
    });

  it('refuse a read over all shards while a shard of the file is not declared', async () => {
    const topology = withoutUs3();
    const { lockFile } = fleet;
    const dataSource = new ShardedDataSource({ topology, lockFile });
    await dataSource.initialize();
    const table = new ShardTenantTable({ topology, lockFile });
    const undeclared = { code: 'SHARDS_NOT_DECLARED', shards: ['us3'] };
    try {
      const one = () => dataSource.query<object[]>('SELECT 1 AS one');
      await expect(onEachShard(dataSource, one)).rejects.toMatchObject(undeclared);
      await expect(table.find('t_1')).rejects.toMatchObject(undeclared);
      const named = await onEachShard(dataSource, one, { shards: ['us1', 'us2'] });
      expect(named.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
      const all = await onEachShard(fleet.dataSource, () => fleet.dataSource.query('SELECT 1'));
      expect(all).toHaveLength(3);
    } finally {
      await table.close();
      await dataSource.destroy();
    }
  });

  it('take up a file that is replaced under a running service, without a restart', async () => {
    const path = `${fleet.lockFile.path}.deployed`;
    await copyFile(fleet.lockFile.path, path);
    const { topology } = fleet;
    const deployed = new LockFile(path, topology.fleet);
    // A service that has read the file, and opens a new connection each time.
    const service = new ShardTenantTable({ topology, lockFile: deployed, pool: { idleMs: 20 } });
    const readAnew = async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      return service.read('us1', 't_1');
    };
    try {
      await readAnew();
      await identifyShard({ topology, shard: 'us1', lockFile: fleet.lockFile });
      await expect(readAnew()).rejects.toMatchObject({ code: 'SHARD_IDENTITY' });
      await copyFile(fleet.lockFile.path, path);
      await expect.poll(readAnew, { timeout: 5_000 }).toBeUndefined();
    } finally {
      await service.close();
    }
  });
});
