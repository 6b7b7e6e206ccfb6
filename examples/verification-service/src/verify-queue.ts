import { ShardedQueue } from '@switchyard/jobs/bullmq';
import { sharding } from '../switchyard.config.ts';
import type { Inquiry } from './entities/inquiry.ts';
import { redis } from './environment.ts';

/** What a verification job carries: the record itself. On the wire it is its global ID. */
export interface VerifyJob {
  readonly inquiry: Inquiry;
}

export const VERIFY = 'verify';

/** Jobs are sent after the commit of the transaction in which they were added. */
export class VerifyQueue extends ShardedQueue<VerifyJob> {
  constructor() {
    super(VERIFY, {
      connection: redis(),
      sharding,
      defaultJobOptions: { attempts: 5, backoff: { type: 'exponential', delay: 100 } },
    });
  }
}
