import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { currentFrame } from '@switchyard/shard-context';
import { ShardedBeeQueue } from '../../examples/second-queue/src/sharded-bee-queue.ts';
import { Building } from './building.ts';
import { Account, Effect } from './house.ts';
import { Notes } from './notes.ts';
import { here } from './small-fleet.ts';

const TENANTS = ['t_1', 't_2', 't_3'];
const SHARDS = ['us1', 'us2', 'us3'];
const ID = '7'; // of one account on each shard

let building: Building;
let queue: ShardedBeeQueue<{ account: Account }>;

const add = (tenant: string, retries = 0) =>
  building.house.for(tenant, async () => {
    const accounts = building.house.dataSource.getRepository(Account);
    return queue.add({ account: await accounts.findOneByOrFail({ id: ID }) }, { retries });
  });

describe('jobs of another queue library, by pack and restore', () => {
  beforeEach(async () => {
    building = await Building.raise(TENANTS);
    for (const [i, tenant] of TENANTS.entries()) {
      const row = [ID, tenant, tenant];
      await building.rows(SHARDS[i]!, 'INSERT INTO account (id, tenant_id, name) VALUES (?)', [
        row,
      ]);
    }
    const { redis, prefix } = building.plan;
    const { context, locator, records } = building.house.sharding;
    queue = new ShardedBeeQueue('bees', { redis, prefix, sharding: { context, locator, records } });
  });
  afterEach(async () => {
    await queue.close();
    await building.demolish();
  });

  it('run on the shards of their records, each with its own row of the same id', async () => {
    const { dataSource } = building.house;
    const notes = new Notes();
    queue.process(4, async ({ account }, id) => {
      await dataSource.getRepository(Effect).insert({ job: id, accountId: account.id });
      notes.add(`${account.name} ${here()}`);
    });
    const ids = await Promise.all(TENANTS.map((tenant) => add(tenant)));
    expect(await notes.sorted(3)).toEqual(['t_1 us1/t_1@1', 't_2 us2/t_2@1', 't_3 us3/t_3@1']);
    for (const [i, shard] of SHARDS.entries()) {
      const rows = await building.rows(shard, 'SELECT job, tenant_id FROM effect');
      expect(rows).toEqual([{ job: ids[i], tenant_id: TENANTS[i] }]);
    }
  });

  it('are sent after the commit, and not at all after a rollback', async () => {
    const { house } = building;
    const notes = new Notes();
    queue.process(4, (_, id) => Promise.resolve(notes.add(id)));
    const enqueue = (fails: boolean) =>
      house.for('t_1', () =>
        house.dataSource.transaction(async (manager) => {
          const id = await queue.add({
            account: await manager.findOneByOrFail(Account, { id: ID }),
          });
          expect(currentFrame()?.activity.inTransaction).toBe(true);
          expect((await queue.events.checkHealth()).newestJob).toBe(0);
          if (fails) throw new Error(`roll ${id} back`);
          return id;
        }),
      );
    await expect(enqueue(true)).rejects.toThrow('roll');
    const id = await enqueue(false);
    expect(await notes.upTo(1)).toEqual([id]);
  });

  it('that are lost with their transaction throw nothing into its end, where nobody listens', async () => {
    await building.house.for('t_1', async () => {
      const ended = currentFrame()!.activity.transactionOpened();
      await add('t_1');
      expect(() => ended('unknown')).not.toThrow();
    });
  });

  it('fail for good with the reason where the record is gone, whatever retries they have', async () => {
    const failed = new Notes<unknown>();
    queue.events.on('failed', (_, error) => failed.add(error));
    await add('t_2', 5);
    await building.rows('us2', 'DELETE FROM account');
    queue.process(1, () => Promise.resolve());
    expect((await failed.upTo(1))[0]).toMatchObject({ code: 'JOB_RECORD_GONE' });
  });

  it('wait while their tenant is frozen', async () => {
    const { house } = building;
    const notes = new Notes();
    await add('t_3');
    const { directory } = house;
    const placement = await directory.locateTenant('t_3');
    const frozen = { ...placement, epoch: 2, state: 'frozen' } as const;
    await directory.compareAndSet(1, frozen);
    const waits = new Notes<unknown>();
    queue.events.on('succeeded', (_, result) => waits.add(result));
    queue.process(1, () => Promise.resolve(notes.add(here())));
    expect((await waits.upTo(1))[0]).toBe('waits');
    await directory.compareAndSet(2, { ...frozen, epoch: 3, state: 'active' });
    expect(await notes.upTo(1)).toEqual(['us3/t_3@3']);
  });
});

describe('examples/second-queue', () => {
  it('starts with one command and shows the jobs of two tenants, each with its own account', async () => {
    const folder = fileURLToPath(new URL('../../examples/second-queue', import.meta.url));
    const args = ['--conditions=source', '--import=tsx', 'demo.ts'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    for (const [tenant, shard] of [
      ['acme', 'us1'],
      ['globex', 'us2'],
    ]) {
      const job = `a job of ${tenant} on ${shard}, with the account of ${tenant}\n`;
      expect(stdout.split(job)).toHaveLength(4); // three jobs
      expect(stdout).toContain(`${tenant} [ 'main: account of ${tenant}, 3 jobs' ]`);
    }
  });
});
