import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Notes } from './notes.ts';
import { Queues } from './queues.ts';
import { here } from './small-fleet.ts';

const FILE = new URL('./sandbox.mjs', import.meta.url);
const execArgv = ['--conditions=source'];
const SANDBOXES = {
  'a process': { workerForkOptions: { execArgv } },
  'a thread': { useWorkerThreads: true, workerThreadsOptions: { execArgv } },
};

let queues: Queues;
beforeEach(async () => {
  queues = await Queues.open();
});
afterEach(() => queues.close());

describe.each(Object.entries(SANDBOXES))('a job in %s of its own', (_, options) => {
  it('runs at its place with its records, in retries too, and is refused as any other', async () => {
    const notes = new Notes<unknown>();
    const worker = queues.worker('q', FILE, options);
    worker.on('completed', (job, result) => notes.add([job.name, result, here()]));
    worker.on('failed', (job, error) =>
      notes.add([job?.name, error.message.split(':')[0], here()]),
    );
    const queue = queues.queue('q');
    const { fleet } = queues;
    await fleet.for('t_2', () => queue.add('one', { account: fleet.account('t_2', '7') }));
    const pid = expect.any(Number) as number;
    const result = { here: 'us2/t_2@1', isRecord: true, hasSignal: true, pid };
    const account = fleet.account('t_2', '7');
    expect(await notes.upTo(1)).toEqual([['one', { ...result, account }, 'us2/t_2@1']]);
    await fleet.for('t_1', () => queue.add('two', { once: true }, { attempts: 2 }));
    const [, failed, again] = await notes.upTo(3);
    expect(failed).toEqual(['two', 'once more', 'us1/t_1@1']);
    expect(again).toMatchObject(['two', { here: 'us1/t_1@1' }, 'us1/t_1@1']);
    await fleet.for('t_3', () => queue.add('three', { account: fleet.account('t_3', 'gone') }));
    expect((await notes.upTo(4))[3]).toEqual(['three', 'JOB_RECORD_GONE', 'eu1/t_3@1']);
  });
});
