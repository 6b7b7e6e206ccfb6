import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectToShard } from '@switchyard/mysql';
import { holdForMover, ShardTenantTable } from '@switchyard/models';
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
/** A freeze of the test's one mover. */
const freeze = (shard: string, fromEpoch: number, toEpoch: number) => ({
  ...at(shard, fromEpoch, toEpoch),
  movingTo: 'us2',
  mover: 'm1',
});
const arrival = (shard: string, epoch: number) => ({ shard, tenant: 't_1', epoch, mover: 'm1' });
const seal = (shard: string, epoch: number) => arrival(shard, epoch);
const conflict = { code: 'SHARD_TENANT_CONFLICT' };

describe('a tenant’s record on a shard', () => {
  it('goes from admission over a switch to its successor, each step repeatable', async () => {
    const twice = async <T>(step: () => Promise<T>): Promise<T> => {
      expect(await step()).toEqual(await step());
      return step();
    };
    expect(await table.read('us1', 't_1')).toBeUndefined();
    await twice(() => table.admit('us1', 't_1', 1));
    await twice(() => table.expect(arrival('us2', 2)));
    expect(await twice(() => table.freeze(freeze('us1', 1, 2)))).toMatchObject({
      state: 'frozen',
      epoch: 2,
    });
    expect(await twice(() => table.seal(seal('us1', 2)))).toMatchObject({
      state: 'sealed',
      epoch: 2,
    });
    expect(await twice(() => table.activate(at('us2', 2, 3)))).toMatchObject({
      state: 'active',
      epoch: 3,
    });
    const moved = await twice(() => table.retire({ ...at('us1', 2, 3), movedTo: 'us2' }));
    expect(moved).toMatchObject({ tenant: 't_1', state: 'moved', epoch: 3, movedTo: 'us2' });
  });

  it('takes back a tenant that left it, by a higher epoch only', async () => {
    await table.admit('us1', 't_1', 1);
    await table.freeze(freeze('us1', 1, 2));
    await table.seal(seal('us1', 2));
    await table.retire({ ...at('us1', 2, 3), movedTo: 'us2' });
    await expect(table.expect(arrival('us1', 3))).rejects.toMatchObject(conflict);
    expect(await table.expect(arrival('us1', 4))).toMatchObject({
      state: 'incoming',
      epoch: 4,
      movedTo: undefined,
    });
  });

  it('is not changed by whoever comes with another epoch or state', async () => {
    await table.admit('us1', 't_1', 5);
    const refused = [
      () => table.admit('us1', 't_1', 6),
      () => table.expect(arrival('us1', 6)),
      () => table.freeze(freeze('us1', 4, 6)),
      () => table.thaw(at('us1', 5, 6)),
      () => table.activate(at('us1', 5, 6)),
      () => table.retire({ ...at('us1', 5, 6), movedTo: 'us2' }),
      () => table.remove(at('us1', 5, 6)),
      () => table.seal(seal('us1', 5)),
      () => table.freeze({ ...freeze('us1', 5, 6), tenant: 't_unknown' }),
    ];
    for (const change of refused) await expect(change()).rejects.toMatchObject(conflict);
    expect(await table.read('us1', 't_1')).toMatchObject({ state: 'active', epoch: 5 });
    expect(await table.read('us1', 't_unknown')).toBeUndefined();
  });

  it('is changed by one of two who come at once', async () => {
    await table.admit('us1', 't_1', 1);
    const both = await Promise.allSettled([
      table.freeze(freeze('us1', 1, 2)),
      table.freeze(freeze('us1', 1, 3)),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('takes no tenant whose name the fleet does not allow', async () => {
    const refused = { code: 'TENANT_NAME_REFUSED' };
    await expect(table.admit('us1', 'T_1', 9)).rejects.toMatchObject(refused);
    await expect(table.expect({ ...arrival('us1', 9), tenant: 't_1 ' })).rejects.toMatchObject(
      refused,
    );
    expect(await fleet.rows('us1', 'SELECT 1 FROM shard_tenant')).toEqual([]);
  });
});

describe('a mover', () => {
  it('is told from another one by its token', async () => {
    await table.admit('us1', 't_1', 1);
    await table.expect(arrival('us2', 2));
    await table.freeze(freeze('us1', 1, 2));
    const refused = [
      () => table.freeze({ ...freeze('us1', 1, 2), mover: 'm2' }),
      () => table.seal({ ...seal('us1', 2), mover: 'm2' }),
      () => table.expect({ ...arrival('us2', 2), mover: 'm2' }),
      () => table.expect({ ...arrival('us2', 9), mover: 'm2' }),
    ];
    for (const change of refused) await expect(change()).rejects.toMatchObject(conflict);
    expect(await table.read('us2', 't_1')).toMatchObject({ state: 'incoming', mover: 'm1' });
  });

  it('loses the place that it announced when its lease is over, to a higher epoch', async () => {
    await table.expect({ ...arrival('us2', 2), leaseMs: 100 });
    const second = { ...arrival('us2', 2), mover: 'm2' };
    await expect.poll(async () => (await table.read('us2', 't_1'))?.leaseIsOver).toBe(true);
    await expect(table.expect(second)).rejects.toMatchObject(conflict);
    const taken = await table.expect({ ...second, epoch: 3 });
    expect(taken).toMatchObject({ mover: 'm2', epoch: 3, leaseIsOver: false });
    await expect(table.activate(at('us2', 2, 3))).rejects.toMatchObject(conflict);
  });

  it('may write rows only while it holds the tenant, and keeps it so until it commits', async () => {
    await table.expect(arrival('us2', 2));
    const hold = { shard: 'us2', tenant: 't_1', epoch: 2, mover: 'm1', state: 'incoming' } as const;
    const { topology, lockFile } = fleet;
    const connection = await connectToShard(topology, 'us2', { identity: 'checked', lockFile });
    try {
      await connection.beginTransaction();
      await holdForMover(connection, hold);
      const removing = table.remove(at('us2', 2, 3));
      let isRemoved = false;
      void removing.then(() => (isRemoved = true));
      await pause(300);
      expect(isRemoved).toBe(false);
      await connection.commit();
      await removing;
      await connection.beginTransaction();
      for (const other of [hold, { ...hold, epoch: 3 }, { ...hold, mover: 'm2' }]) {
        await expect(holdForMover(connection, other)).rejects.toMatchObject({ code: 'MOVER_LOST' });
      }
    } finally {
      connection.destroy();
    }
  });
});

describe('the numbers of changes', () => {
  it('grow by one with each change of a placement on the shard, and with nothing else', async () => {
    const numberOf = async (tenant: string) => (await table.read('us1', tenant))!.changeNumber;
    await table.admit('us1', 't_1', 1);
    const first = await numberOf('t_1');
    await table.admit('us1', 't_2', 1);
    expect(await numberOf('t_2')).toBe(first + 1);
    await table.freeze(freeze('us1', 1, 2));
    expect(await numberOf('t_1')).toBe(first + 2);
    await expect(table.thaw(at('us1', 9, 10))).rejects.toMatchObject(conflict);
    await table.admit('us1', 't_2', 1);
    await table.seal(seal('us1', 2));
    await table.seal(seal('us1', 2));
    expect(await numberOf('t_1')).toBe(first + 3);
  });

  it('are given once each to 60 changes at once, in the order of their commits', async () => {
    const tenants = Array.from({ length: 60 }, (_, i) => `n_${i}`);
    const seen = await Promise.all(
      tenants.map(async (tenant) => (await table.admit('us1', tenant, 1)).changeNumber),
    );
    expect(new Set(seen).size).toBe(tenants.length);
    expect(Math.max(...seen) - Math.min(...seen)).toBe(tenants.length - 1);
  });
});

describe('the records of a shard', () => {
  it('are listed in pages, by state, and found over all shards', async () => {
    for (const tenant of ['t_1', 't_2', 't_3']) await table.admit('us1', tenant, 1);
    await table.freeze(freeze('us1', 1, 2));
    await table.expect(arrival('us2', 2));
    const names = (rows: readonly { tenant: string }[]) => rows.map(({ tenant }) => tenant);
    expect(names(await table.list('us1', { limit: 2 }))).toEqual(['t_1', 't_2']);
    expect(names(await table.list('us1', { limit: 2, after: 't_2' }))).toEqual(['t_3']);
    expect(names(await table.list('us1', { states: ['frozen', 'sealed'] }))).toEqual(['t_1']);
    const found = await table.find('t_1');
    expect(found.map(({ shard, row }) => [shard, row.state])).toEqual([
      ['us1', 'frozen'],
      ['us2', 'incoming'],
    ]);
  });
});

describe('a freeze', () => {
  it('waits for the open transactions of the tenant, whose writes then stand', async () => {
    await table.admit('us1', 't_1', 1);
    const runner = fleet.onTenant('us1', 't_1', () => fleet.dataSource.createQueryRunner());
    await runner.startTransaction();
    await runner.query("INSERT INTO account (tenantId, email) VALUES ('t_1', 'a')");
    let frozen = false;
    const freezing = table.freeze(freeze('us1', 1, 2)).then(() => (frozen = true));
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
    await expect(table.freeze(freeze('us1', 1, 2), { deadlineMs: 1_500 })).rejects.toMatchObject({
      code: 'TENANT_BUSY',
      retryable: true,
    });
    await runner.query("INSERT INTO account (tenantId, email) VALUES ('t_1', 'b')");
    await runner.commitTransaction();
    await runner.release();
    expect(await table.read('us1', 't_1')).toMatchObject({ state: 'active', epoch: 1 });
  });

  it('ends at a deadline that is kept in UTC, by the shard’s clock', async () => {
    await table.admit('us1', 't_1', 1);
    await table.freeze({ ...freeze('us1', 1, 2), holdMs: 2_000 });
    const sql =
      'SELECT TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), freeze_ends) / 1000 AS ms FROM shard_tenant';
    const [left] = await fleet.rows('us1', sql);
    expect(Number(left?.['ms'])).toBeGreaterThan(0);
    expect(Number(left?.['ms'])).toBeLessThanOrEqual(2_000);
    expect(await table.read('us1', 't_1')).toMatchObject({ freezeIsOver: false });
    await expect
      .poll(async () => (await table.read('us1', 't_1'))?.freezeIsOver, { timeout: 5_000 })
      .toBe(true);
  });

  it.each(['frozen', 'sealed'])('lets callers wait while the tenant is %s', async (state) => {
    await table.admit('us1', 't_1', 1);
    await table.freeze(freeze('us1', 1, 2));
    if (state === 'sealed') await table.seal(seal('us1', 2));
    for (const epoch of [1, 2]) {
      const begin = () => fleet.dataSource.transaction((manager) => manager.query('SELECT 1'));
      await expect(fleet.onTenant('us1', 't_1', begin, epoch)).rejects.toMatchObject({
        code: 'TENANT_FROZEN',
      });
    }
  });

  it('does not wait for the transactions of other tenants', async () => {
    await table.admit('us1', 't_1', 1);
    await table.admit('us1', 't_2', 1);
    const runner = fleet.onTenant('us1', 't_2', () => fleet.dataSource.createQueryRunner());
    await runner.startTransaction();
    const since = performance.now();
    await table.freeze(freeze('us1', 1, 2));
    expect(performance.now() - since).toBeLessThan(900);
    await runner.rollbackTransaction();
    await runner.release();
  });
});
