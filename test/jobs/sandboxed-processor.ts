import { DirectoryUnavailableError } from '@switchyard/shard-context/internal';
import { shardedProcessor } from '@switchyard/jobs/bullmq';
import { here, SmallFleet, type Account } from './small-fleet.ts';

// BullMQ runs this file in its own process or thread: it opens its own fleet, and the context in which
// the job was enqueued does not reach it.
const fleet = new SmallFleet();
fleet.outcomes.set('gone', { outcome: 'gone' });
const sharding = { context: fleet.context, locator: fleet, records: fleet, retryAfterMs: 20 };
let isFirst = true;

const processor = shardedProcessor(
  async (job, ...[, signal]: [token?: string, signal?: AbortSignal]) => {
    const { account, once } = job.data as { account?: Account; once?: boolean };
    if (once === true && isFirst) {
      isFirst = false;
      throw new Error('once more');
    }
    const hasSignal = signal !== undefined;
    return {
      here: here(),
      account,
      isRecord: fleet.isRecord(account),
      hasSignal,
      pid: process.pid,
    };
  },
  sharding,
);

// The directory is away when the first job comes: the job waits, although its code is over there.
fleet.failNext = new DirectoryUnavailableError('locate a tenant');

export { processor as default };
