import { TenantSwitch } from '@switchyard/directory';
import { jobChannels, ShardedQueue, ShardedWorker, type JobWaits } from '@switchyard/jobs/bullmq';
import { fastifyShardContext, fastifyShardErrors } from '@switchyard/shard-context/fastify';
import Fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Building } from '../jobs/building.ts';
import { Account, House } from '../jobs/house.ts';

let building: Building;
/** A service of the release before: its topology has us1 and us2, and no us3. */
let yesterday: House;

beforeEach(async () => {
  building = await Building.raise(['t_1', 't_2']);
  const shards = building.plan.shards.filter(({ name }) => name !== 'us3');
  yesterday = new House({ ...building.plan, shards });
  await yesterday.dataSource.initialize();
});
afterEach(async () => {
  await yesterday.close();
  await building.demolish();
});

/** Moves t_1, with its one account, to the shard that only today's topology declares. */
async function moveToUs3(account: Account): Promise<void> {
  const { directory, shardTenants } = building.house;
  const tenantSwitch = new TenantSwitch({ directory, shardTenants });
  const move = { tenant: 't_1', source: 'us1', target: 'us3', mover: 'm1' };
  const { epoch } = await tenantSwitch.freezeTenant(move);
  const row = [account.id, 't_1', 'Ada'];
  await building.rows('us3', 'INSERT INTO account (id, tenant_id, name) VALUES (?)', [row]);
  await tenantSwitch.switchTenant({ ...move, epoch });
}

/** The account of t_1, as it is loaded. */
async function ada(): Promise<Account> {
  const { house } = building;
  const accounts = house.dataSource.getRepository(Account);
  const { id } = await house.for('t_1', () => accounts.save({ name: 'Ada' }));
  return house.for('t_1', () => accounts.findOneByOrFail({ id }));
}

const effectsOn = (shard: string) => building.rows(shard, 'SELECT job, account_name FROM effect');

describe('a job whose tenant lives on a shard that only a newer release declares', () => {
  it('waits without using up an attempt, and runs there once a worker of that release comes', async () => {
    const { house } = building;
    const account = await ada();
    await using queue = new ShardedQueue('work', {
      ...house.base,
      sharding: house.sharding,
    } as never);
    const job = await house.for('t_1', () => queue.add('one', { account }, { attempts: 5 }));
    const tenantless = await house.context.onShard('us3', () => queue.add('no tenant', {}));
    await moveToUs3(account);

    const waits: JobWaits[] = [];
    const listen = (message: unknown) => void waits.push(message as JobWaits);
    jobChannels.waits.subscribe(listen);
    const ran: (string | undefined)[] = [];
    const { base, sharding } = yesterday;
    const old = new ShardedWorker('work', ({ id }) => void ran.push(id), {
      ...base,
      sharding,
    } as never);
    const next = await house.for('t_2', () => queue.add('of another tenant', {}));
    await expect.poll(() => new Set(waits.map((one) => one.job)).size).toBe(2);
    await expect.poll(() => ran).toEqual([next.id]);
    jobChannels.waits.unsubscribe(listen);
    await old.close();
    expect(new Set(waits.map(({ code }) => code))).toEqual(new Set(['SHARD_NOT_DECLARED']));
    for (const { id } of [job, tenantless]) expect((await queue.getJob(id!))?.attemptsMade).toBe(0);
    expect(await queue.getFailedCount()).toBe(0);

    await tenantless.remove();
    await building.startWorker();
    expect(await building.untilIdle('work')).toBe(0);
    expect(await effectsOn('us1')).toEqual([]);
    expect(await effectsOn('us3')).toEqual([{ job: job.id, account_name: 'Ada' }]);
  });
});

describe('a request of such a tenant', () => {
  it('is answered 503 with Retry-After, and its route does not run', async () => {
    const { house } = building;
    await house.directory.addKey({ kind: 'api-key', value: 'key-of-t_1' }, 't_1');
    const account = await ada();
    const app = Fastify();
    app.setErrorHandler(fastifyShardErrors);
    await app.register(fastifyShardContext, {
      locator: yesterday.directory,
      context: yesterday.context,
      keyOf: () => ({ kind: 'api-key', value: 'key-of-t_1' }),
    });
    const names: string[] = [];
    app.get('/', async () => {
      names.push(...(await yesterday.dataSource.getRepository(Account).find()).map((a) => a.name));
      return 'ran';
    });
    await moveToUs3(account);
    const answer = await app.inject('/');
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toMatchObject({ code: 'SHARD_NOT_DECLARED', retryable: true });
    expect(names).toEqual([]);
    await app.close();
  });
});
