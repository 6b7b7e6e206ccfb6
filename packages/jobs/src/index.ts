export { AfterCommitSends, type JobNotSentError } from './after-commit-sends.ts';
export type {
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
export {
  ENVELOPE_VERSION,
  type JobEnvelope,
  type JobPlace,
  type JobSigning,
  type EnvelopeReadOptions,
} from './envelope.ts';
export type { Json } from './payload.ts';
export { pack, type PackedJob, type PackRequest } from './pack.ts';
export { restore, type RestoreOptions } from './restore.ts';
export type { RunningPlace } from './running-place.ts';
export type { JobsErrors } from './error-codes.ts';
