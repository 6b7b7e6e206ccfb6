import { afterEach, beforeEach, expect, it } from 'vitest';
import { canonicalKey, globalId } from '@switchyard/shard-context/gid';
import { Queues } from './queues.ts';
import type { Account } from './small-fleet.ts';

let queues: Queues;
beforeEach(async () => {
  queues = await Queues.open();
});
afterEach(() => queues.close());

/** The global ID of an account, as code that loaded it there at that time would write it. */
const idOf = ({ id, shard, tenant, epoch }: Account) =>
  globalId({ fleet: 'acme', model: 'Account', id: [id], shard, tenant, epoch });

it('a record that was seen before and after a move has one job, and another record its own', async () => {
  const { fleet } = queues;
  const queue = queues.queue('q'); // without a worker, so that the first job still waits
  const add = (account: Account) =>
    fleet.for('t_1', () =>
      queue.add('scan', { account }, { deduplication: { id: canonicalKey(idOf(account)) } }),
    );
  const before = fleet.account('t_1', '7');
  const first = await add(before);
  fleet.move('t_1', 'eu1');
  const after = fleet.account('t_1', '7');
  expect(idOf(after)).not.toEqual(idOf(before)); // the hints differ, the record is the same
  const again = await add(after);
  const other = await add(fleet.account('t_1', '8'));

  expect(again.id).toBe(first.id);
  expect(other.id).not.toBe(first.id);
  expect((await queue.getWaiting()).map(({ id }) => id).sort()).toEqual(
    [first.id, other.id].sort(),
  );
});

it('a canonical key is no job id: BullMQ refuses its colon', async () => {
  const jobId = canonicalKey(idOf(queues.fleet.account('t_1', '7')));
  await expect(queues.queue('q').add('scan', {}, { jobId })).rejects.toThrow('cannot contain :');
});
