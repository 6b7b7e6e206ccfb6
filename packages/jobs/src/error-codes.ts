import type { JobNotSentError } from './after-commit-sends.ts';
import type {
  JobBatchInvalidError,
  JobEnvelopeInvalidError,
  JobEnvelopeMissingError,
  JobEnvelopeUnreadableError,
  JobPayloadRefusedError,
  JobPlaceConflictError,
  JobRecordGoneError,
  JobRecordMisroutedError,
  JobRecordUnavailableError,
} from './job-errors.ts';

/** The errors of this package by their codes. */
export interface JobsErrors {
  readonly JOB_NOT_SENT: JobNotSentError;
  readonly JOB_PAYLOAD_REFUSED: JobPayloadRefusedError;
  readonly JOB_BATCH_INVALID: JobBatchInvalidError;
  readonly JOB_PLACE_CONFLICT: JobPlaceConflictError;
  readonly JOB_ENVELOPE_MISSING: JobEnvelopeMissingError;
  readonly JOB_ENVELOPE_INVALID: JobEnvelopeInvalidError;
  readonly JOB_ENVELOPE_UNREADABLE: JobEnvelopeUnreadableError;
  readonly JOB_RECORD_GONE: JobRecordGoneError;
  readonly JOB_RECORD_UNAVAILABLE: JobRecordUnavailableError;
  readonly JOB_RECORD_MISROUTED: JobRecordMisroutedError;
}

declare module '@switchyard/shard-context/errors' {
  interface SwitchyardErrors extends JobsErrors {}
}
