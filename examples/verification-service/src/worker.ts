import { ShardedWorker } from '@switchyard/jobs/bullmq';
import { dataSource, directory, sharding } from '../switchyard.config.ts';
import { Inquiry } from './entities/inquiry.ts';
import { redis } from './environment.ts';
import { VERIFY, type VerifyJob } from './verify-queue.ts';

await dataSource.initialize();

/**
 * Never heard of the request: the envelope and the record's global ID say where to run. The guard on
 * the status makes a second run of the same job change nothing.
 */
const worker = new ShardedWorker<VerifyJob>(
  VERIFY,
  async ({ data: { inquiry } }) => {
    await dataSource
      .createQueryBuilder()
      .update(Inquiry)
      .set({ status: 'verified', verifications: () => 'verifications + 1' })
      .where({ id: inquiry.id, status: 'created' })
      .execute();
  },
  { connection: redis(), concurrency: 8, sharding },
);

await worker.waitUntilReady();
console.log('worker ready');

process.once('SIGTERM', () => {
  void worker.close().then(() => Promise.all([dataSource.destroy(), directory.close()]));
});
