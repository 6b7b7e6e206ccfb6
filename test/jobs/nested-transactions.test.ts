import { RecordFinder } from '@switchyard/models';
import type { Locator } from '@switchyard/shard-context';
import { ShardedFlowProducer, ShardedQueue } from '@switchyard/jobs/bullmq';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Account, startHouse } from '../records/house.ts';
import type { Fleet } from '../support/fleet/index.ts';
import { redisServer } from '../support/servers/index.ts';

const directory: Locator = {
  locateKey: () => Promise.reject(new TypeError('not asked here')),
  locateTenant: (tenant) => Promise.resolve({ tenant, shard: 'us1', epoch: 1, state: 'active' }),
};

let fleet: Fleet;
let queue: ShardedQueue;
let flows: ShardedFlowProducer;
beforeAll(async () => {
  fleet = await startHouse();
  const { host, port } = await redisServer();
  const records = new RecordFinder(fleet.dataSource, directory);
  const sharding = { context: fleet.context, locator: directory, records };
  const connection = { host, port, maxRetriesPerRequest: null };
  const base = { connection, prefix: `nested-${process.pid}`, sharding };
  queue = new ShardedQueue('work', base);
  flows = new ShardedFlowProducer(base);
});
beforeEach(() => queue.obliterate({ force: true }));
afterAll(async () => {
  await queue?.close();
  await flows?.close();
  await fleet?.stop();
});

const asT1 = <T>(work: () => T): T => fleet.onTenant('us1', 't_1', work);
const account = (name: string) => ({ tenantId: 't_1', name }) as Account;

/** What was sent by now. */
async function sent(): Promise<string[]> {
  await Promise.all([queue.flushed(), flows.flushed()]);
  return (await queue.getWaiting()).map(({ name }) => name).sort();
}

describe('a job that is enqueued in a nested transaction', () => {
  it('is sent after the outermost commit, and not at all where any around it was rolled back', async () => {
    const failing = (work: () => Promise<unknown>) => async () => {
      await work();
      throw new TypeError('changed its mind');
    };
    await asT1(() =>
      fleet.dataSource.transaction(async (outer) => {
        await outer.save(Account, account('outer'));
        await queue.add('before', {});
        const lost = failing(() => queue.add('lost', {}));
        await outer.transaction(lost).catch(() => undefined);
        await outer.transaction(async (inner) => {
          await queue.add('kept', { record: await inner.save(Account, account('inner')) });
          await flows.add({ name: 'flow', queueName: 'work' });
        });
        const lostToo = failing(() => outer.transaction(() => queue.add('lost, too', {})));
        await outer.transaction(lostToo).catch(() => undefined);
        await queue.add('after', {});
        expect(await sent()).toEqual([]);
      }),
    );
    expect(await sent()).toEqual(['after', 'before', 'flow', 'kept']);
  });

  it('goes the way of its savepoint, begun and ended by hand', async () => {
    await asT1(async () => {
      const runner = fleet.dataSource.createQueryRunner();
      await runner.startTransaction();
      await queue.add('a', {});
      await runner.startTransaction();
      await queue.add('b', {});
      await runner.rollbackTransaction();
      await queue.add('c', {});
      await runner.startTransaction();
      await queue.add('d', {});
      await runner.commitTransaction();
      expect(await sent()).toEqual([]);
      await runner.commitTransaction();
      await runner.release();
      await queue.add('e', {});
    });
    expect(await sent()).toEqual(['a', 'c', 'd', 'e']);
  });

  it('is lost with the outer transaction, whatever became of its own', async () => {
    const all = asT1(() =>
      fleet.dataSource.transaction(async (outer) => {
        await outer.transaction(() => queue.add('lost', {}));
        throw new TypeError('changed its mind');
      }),
    );
    await expect(all).rejects.toThrow('changed its mind');
    expect(await sent()).toEqual([]);
  });

  it('waits for the transactions of every data source around it', async () => {
    const other = await fleet.open();
    await asT1(() =>
      fleet.dataSource.transaction(async () => {
        await other.transaction(() => queue.add('both', {}));
        expect(await sent()).toEqual([]);
      }),
    );
    expect(await sent()).toEqual(['both']);
  });
});
