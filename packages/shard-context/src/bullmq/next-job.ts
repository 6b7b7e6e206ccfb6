import { createHash } from 'node:crypto';
import { Worker } from 'bullmq';

/** SHA-256 of `Worker.prototype.nextJobFromJobData`: BullMQ 6.0.0 to 6.7.0, CommonJS and ESM. */
const READ: readonly string[] = [
  'c01c17079e96102479dc2bc7ed312fca538ec0081c97b02eb0af04727f51c472',
  '4f8002851ab09d04e11db3bd6132a9873f59717305bb91ca3f96052d0be43ee3',
];

/**
 * True for BullMQ's way from the data of its next job to that job, as it was when we read it: for a
 * job that no scheduler made it notes that the queue is not empty, builds the job and tells of it,
 * and makes eight promises doing so. Where it says anything else, nobody knows what going round it
 * would leave out.
 */
export function isNextJobAsRead(method: unknown): boolean {
  return READ.includes(createHash('sha256').update(String(method)).digest('hex'));
}

/** Of the BullMQ that is installed. */
export const CAN_SHORTEN_NEXT_JOB = isNextJobAsRead(
  (Worker.prototype as unknown as Record<string, unknown>)['nextJobFromJobData'],
);
