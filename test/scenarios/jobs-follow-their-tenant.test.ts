import { TenantSwitch } from '@switchyard/directory';
import { ShardedQueue } from '@switchyard/jobs/bullmq';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Building } from '../jobs/building.ts';
import { Account } from '../jobs/house.ts';

let building: Building;
beforeEach(async () => {
  building = await Building.raise(['t_1']);
});
afterEach(() => building.demolish());

const effectsOn = (shard: string) => building.rows(shard, 'SELECT job FROM effect');

describe('a job that was enqueued before its tenant moved', () => {
  it('waits while the tenant is frozen, and then runs on the new shard with its record', async () => {
    const { house } = building;
    const { directory, shardTenants } = house;
    const account = await house.for('t_1', () =>
      house.dataSource.getRepository(Account).save({ name: 'Ada' }),
    );
    const queue = new ShardedQueue<{ account: object }>('work', {
      ...house.base,
      sharding: house.sharding,
    } as never);
    const loaded = await house.for('t_1', () =>
      house.dataSource.getRepository(Account).findOneByOrFail({ id: account.id }),
    );
    const job = await house.for('t_1', () => queue.add('one', { account: loaded }));

    const tenantSwitch = new TenantSwitch({ directory, shardTenants });
    const move = { tenant: 't_1', source: 'us1', target: 'us2', mover: 'm1' };
    const { epoch } = await tenantSwitch.freezeTenant(move);
    await building.startWorker();
    await expect
      .poll(async () => (await queue.getJob(job.id!))?.attemptsStarted, { timeout: 20_000 })
      .toBeGreaterThan(1);
    expect(await effectsOn('us1')).toEqual([]);

    const row = [account.id, 't_1', 'Ada'];
    await building.rows('us2', 'INSERT INTO account (id, tenant_id, name) VALUES (?)', [row]);
    await tenantSwitch.switchTenant({ ...move, epoch });
    expect(await building.untilIdle('work')).toBe(0);
    expect(await effectsOn('us1')).toEqual([]);
    expect(await effectsOn('us2')).toEqual([{ job: job.id }]);
    expect((await queue.getJob(job.id!))?.attemptsMade).toBe(1);
    await queue.close();
  });
});
