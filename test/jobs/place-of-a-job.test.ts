import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Notes } from './notes.ts';
import { Account, here } from './small-fleet.ts';
import { Queues } from './queues.ts';

let queues: Queues;
let notes: Notes;
beforeEach(async () => {
  queues = await Queues.open();
  notes = new Notes();
});
afterEach(() => queues.close());

/** A worker that notes the name of each job and where it ran. */
const notingWorker = (name = 'q') =>
  queues.worker(name, (job) => notes.add(`${job.name} ${here()}`));

describe('a job runs at the place where it was enqueued', () => {
  it("when it was added in a tenant's context", async () => {
    notingWorker();
    const queue = queues.queue('q');
    await queues.fleet.for('t_1', () => queue.add('one', {}));
    await queues.fleet.for('t_2', () => queue.add('two', {}));
    expect(await notes.sorted(2)).toEqual(['one us1/t_1@1', 'two us2/t_2@1']);
  });

  it('with the records of its payload, located there in one batch', async () => {
    const seen = new Notes<unknown>();
    queues.worker('q', (job) => seen.add(job.data));
    const queue = queues.queue('q');
    const account = queues.fleet.account('t_1', '9223372036854775807');
    const payload = { list: [account, queues.fleet.account('t_1')], n: 5, again: account };
    await queues.fleet.for('t_1', () => queue.add('one', payload));
    expect((await seen.upTo(1))[0]).toEqual(payload);
    expect((seen.all[0] as typeof payload).again).toBeInstanceOf(Account);
    expect(queues.fleet.located).toHaveLength(1);
  });
});
