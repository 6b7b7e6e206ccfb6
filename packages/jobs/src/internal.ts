// For Switchyard's own packages only; semver does not cover it.
export { JobNotSentError } from './after-commit-sends.ts';
export {
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
