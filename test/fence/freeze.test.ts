import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ShardTenantTable } from '@switchyard/models';
import { startFleet, type Fleet } from '../support/fleet/index.ts';
import { Account } from './account.ts';

let fleet: Fleet;
let table: ShardTenantTable;

beforeAll(async () => {
  fleet = await startFleet({ entities: [Account] });
  const { topology, lockFile } = fleet;
  table = new ShardTenantTable({ topology, lockFile });
});
afterAll(async () => {
  await table?.close();
  await fleet?.stop();
});
beforeEach(async () => {
  for (const shard of ['us1', 'us2']) {
    await fleet.rows(shard, 'DELETE FROM shard_tenant');
    await fleet.rows(shard, 'DELETE FROM account');
  }
});

const at = (shard: string, fromEpoch: number, toEpoch: number) => ({
  shard,
  tenant: 't_1',
  fromEpoch,
  toEpoch,
});
const conflict = { code: 'SHARD_TENANT_CONFLICT' };

describe('a tenant’s record on a shard', () => {
  it('goes from admission over a switch to its successor, each step repeatable', async () => {
    const twice = async <T>(step: () => Promise<T>): Promise<T> => {
      expect(await step()).toEqual(await step());
      return step();
    };
    expect(await table.read('us1', 't_1')).toBeUndefined();
    await twice(() => table.admit('us1', 't_1', 1));
    await twice(() => table.expect('us2', 't_1', 2));
    expect(await twice(() => table.freeze(at('us1', 1, 2)))).toMatchObject({
      state: 'frozen',
      epoch: 2,
    });
    expect(await twice(() => table.activate(at('us2', 2, 3)))).toMatchObject({
      state: 'active',
      epoch: 3,
    });
    const moved = await twice(() => table.retire({ ...at('us1', 2, 3), movedTo: 'us2' }));
    expect(moved).toEqual({ tenant: 't_1', state: 'moved', epoch: 3, movedTo: 'us2' });
  });

  it('takes back a tenant that left it, by a higher epoch only', async () => {
    await table.admit('us1', 't_1', 1);
    await table.freeze(at('us1', 1, 2));
    await table.retire({ ...at('us1', 2, 3), movedTo: 'us2' });
    await expect(table.expect('us1', 't_1', 3)).rejects.toMatchObject(conflict);
    expect(await table.expect('us1', 't_1', 4)).toMatchObject({
      state: 'incoming',
      epoch: 4,
      movedTo: undefined,
    });
  });

  it('is not changed by whoever comes with another epoch or state', async () => {
    await table.admit('us1', 't_1', 5);
    const refused = [
      () => table.admit('us1', 't_1', 6),
      () => table.expect('us1', 't_1', 6),
      () => table.freeze(at('us1', 4, 6)),
      () => table.thaw(at('us1', 5, 6)),
      () => table.activate(at('us1', 5, 6)),
      () => table.retire({ ...at('us1', 5, 6), movedTo: 'us2' }),
      () => table.freeze({ ...at('us1', 5, 6), tenant: 't_unknown' }),
    ];
    for (const change of refused) await expect(change()).rejects.toMatchObject(conflict);
    expect(await table.read('us1', 't_1')).toMatchObject({ state: 'active', epoch: 5 });
    expect(await table.read('us1', 't_unknown')).toBeUndefined();
  });

  it('is changed by one of two who come at once', async () => {
    await table.admit('us1', 't_1', 1);
    const both = await Promise.allSettled([
      table.freeze(at('us1', 1, 2)),
      table.freeze(at('us1', 1, 3)),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('takes no tenant whose name the fleet does not allow', async () => {
    const refused = { code: 'TENANT_NAME_REFUSED' };
    await expect(table.admit('us1', 'T_1', 9)).rejects.toMatchObject(refused);
    await expect(table.expect('us1', 't_1 ', 9)).rejects.toMatchObject(refused);
    expect(await fleet.rows('us1', 'SELECT 1 FROM shard_tenant')).toEqual([]);
  });
});

describe('a freeze', () => {
  it('waits for the open transactions of the tenant, whose writes then stand', async () => {
    await table.admit('us1', 't_1', 1);
    const runner = fleet.onTenant('us1', 't_1', () => fleet.dataSource.createQueryRunner());
    await runner.startTransaction();
    await runner.query("INSERT INTO account (tenantId, email) VALUES ('t_1', 'a')");
    let frozen = false;
    const freezing = table.freeze(at('us1', 1, 2)).then(() => (frozen = true));
    await pause(300);
    expect(frozen).toBe(false);
    await runner.commitTransaction();
    await runner.release();
    await freezing;
    expect(await fleet.rows('us1', 'SELECT email FROM account')).toEqual([{ email: 'a' }]);
  });

  it('gives up at its deadline with TENANT_BUSY, and has changed nothing', async () => {
    await table.admit('us1', 't_1', 1);
    const runner = fleet.onTenant('us1', 't_1', () => fleet.dataSource.createQueryRunner());
    await runner.startTransaction();
    await expect(table.freeze(at('us1', 1, 2), { deadlineMs: 1_500 })).rejects.toMatchObject({
      code: 'TENANT_BUSY',
      retryable: true,
    });
    await runner.query("INSERT INTO account (tenantId, email) VALUES ('t_1', 'b')");
    await runner.commitTransaction();
    await runner.release();
    expect(await table.read('us1', 't_1')).toMatchObject({ state: 'active', epoch: 1 });
  });

  it('does not wait for the transactions of other tenants', async () => {
    await table.admit('us1', 't_1', 1);
    await table.admit('us1', 't_2', 1);
    const runner = fleet.onTenant('us1', 't_2', () => fleet.dataSource.createQueryRunner());
    await runner.startTransaction();
    const since = performance.now();
    await table.freeze(at('us1', 1, 2));
    expect(performance.now() - since).toBeLessThan(900);
    await runner.rollbackTransaction();
    await runner.release();
  });
});
