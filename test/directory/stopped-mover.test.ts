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

  it.each([
    ['another one', 'us3'],
    ['the same one', 'us2'],
  ])('cannot switch after its freeze was thawed and one to %s began', async (_which, target) => {
    const { topology, lockFile } = fleet;
    const tenant = `to_${target}`;
    table ??= new ShardTenantTable({ topology, lockFile });
    const directory = new Directory({
      store: new MemoryStore(),
      topology,
      keyHash: KEY_HASH,
      shardTenants: table,
    });
    const mover = new TenantSwitch({ directory, shardTenants: table });
    await directory.assign(tenant, { shard: 'us1' });
    const first = { tenant, source: 'us1', target: 'us2', mover: 'first' };
    const second = { tenant, source: 'us1', target, mover: 'second' };
    const old = await mover.freezeTenant(first); // copies the rows to us2, and stops
    await mover.thawTenant(first); // an operator gives it up; the tenant writes on us1
    const { epoch } = await mover.freezeTenant(second); // another mover
    await expect(mover.switchTenant({ ...first, epoch: old.epoch })).rejects.toMatchObject({
      code: 'TENANT_SWITCH_REFUSED',
    });
    await expect(mover.finishSwitch(first)).rejects.toMatchObject({
      code: 'TENANT_SWITCH_REFUSED',
    });
    expect(await mover.switchTenant({ ...second, epoch })).toMatchObject({ shard: second.target });
  });
});
