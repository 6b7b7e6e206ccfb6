import { Worker } from 'bullmq';
import { expect, it } from 'vitest';
import { CAN_SHORTEN_NEXT_JOB, isNextJobAsRead } from './next-job.ts';

class LaterWorker extends Worker {
  protected override async nextJobFromJobData(...args: never[]) {
    return super.nextJobFromJobData(...args);
  }
}

it('is shortened only where BullMQ’s way is the one that was read, to the letter', () => {
  // When this fails after an upgrade: read the method anew, then the worker's, then add its digest.
  expect(CAN_SHORTEN_NEXT_JOB).toBe(true);
  const later = LaterWorker.prototype as unknown as { nextJobFromJobData: unknown };
  expect(isNextJobAsRead(later.nextJobFromJobData)).toBe(false);
  expect(isNextJobAsRead(undefined)).toBe(false);
});
