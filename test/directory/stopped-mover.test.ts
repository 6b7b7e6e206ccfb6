import { Directory, TenantSwitch } from '@switchyard/directory';
import { MemoryStore } from '@switchyard/directory/memory';
import { ShardTenantTable } from '@switchyard/models';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { Account } from '../fence/account.ts';
import { KEY_HASH } from './fleet.ts';

describe('a mover that was stopped while it copied', () => {
  let fleet: Fleet;
  let table: ShardTenantTable;
  beforeAll(async () => {
    fleet = await startFleet({ entities: [Account], shards: ['us1', 'us2', 'us3'] });
  });
  afterAll(async () => {
    await table?.close();
    await fleet?.stop();
  });

  it('cannot switch to its target after its freeze was thawed and another one began', async () => {
    const { topology, lockFile } = fleet;

    table = new ShardTenantTable({ topology, lockFile });
    const directory = new Directory({
      store: new MemoryStore(),
      topology,
      keyHash: KEY_HASH,
      shardTenants: table,
    });
    const mover = new TenantSwitch({ directory, shardTenants: table });
    await directory.assign('t_1', { shard: 'us1' });
    const first = { tenant: 't_1', source: 'us1', target: 'us2' };
    const second = { tenant: 't_1', source: 'us1', target: topology.shards[2]!.name };
    await mover.freezeTenant(first); // copies the rows to us2, and stops
    await mover.thawTenant(first); // an operator gives it up; the tenant writes on us1
    await mover.freezeTenant(second); // another mover, to another shard
    await expect(mover.switchTenant(first)).rejects.toMatchObject({
      code: 'TENANT_SWITCH_REFUSED',
    });
    expect(await mover.switchTenant(second)).toMatchObject({ shard: second.target });
  });
});
