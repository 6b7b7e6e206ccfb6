import { once } from 'node:events';
import { start } from '@switchyard/fleet';
import { worker } from '@switchyard/fleet/bullmq';
import definition from '../switchyard.config.ts';
import { Inquiry } from './entities/inquiry.ts';
import { VERIFY, type VerifyJob } from './verify-job.ts';

await using fleet = await start(definition);

/**
 * Never heard of the request: the envelope and the record's global ID say where to run. The guard on
 * the status makes a second run of the same job change nothing.
 */
const verifying = worker<VerifyJob>(
  fleet,
  VERIFY,
  async ({ data: { inquiry } }) => {
    await fleet.dataSource
      .createQueryBuilder()
      .update(Inquiry)
      .set({ status: 'verified', verifications: () => 'verifications + 1' })
      .where({ id: inquiry.id, status: 'created' })
      .execute();
  },
  { concurrency: 8 },
);

await verifying.waitUntilReady();
console.log('worker ready');

await once(process, 'SIGTERM'); // the fleet ends with the program: the worker first
