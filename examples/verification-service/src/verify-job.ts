import type { Inquiry } from './entities/inquiry.ts';

/** Name of the queue and of its jobs. */
export const VERIFY = 'verify';

/** What a verification job carries: the record itself. On the wire it is its global ID. */
export interface VerifyJob {
  readonly inquiry: Inquiry;
}
