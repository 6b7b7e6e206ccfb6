import { SwitchyardError } from '@switchyard/shard-context/internal';

/** The payload holds something that JSON would lose or change silently. Nothing was enqueued. */
export class JobPayloadRefusedError extends SwitchyardError {
  static override readonly code = 'JOB_PAYLOAD_REFUSED';
  /** The path of the value, as it is written in code: `payload.items[2].at`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    super({
      attempted: 'pack the payload of a job',
      reason: `${path} is ${problem}, which does not survive a queue`,
      remedy: 'Pass plain JSON and records: for example text for a date, an array for a Map',
    });
    this.path = path;
  }
}

/** A job of a batch has a `jobId`, which another job may have already. Nothing was enqueued. */
export class JobBatchInvalidError extends SwitchyardError {
  static override readonly code = 'JOB_BATCH_INVALID';
  constructor(job: string) {
    super({
      attempted: 'add a batch',
      reason: `its job ${job} has a jobId: if a job with that id exists already, it would never end for this batch`,
      remedy: 'Leave jobId out: each job of a batch gets its own id',
    });
  }
}

/**
 * The job and the records in its payload do not belong to one place, or the records do not agree
 * among themselves. Nothing was enqueued, and no query was made.
 */
export class JobPlaceConflictError extends SwitchyardError {
  static override readonly code = 'JOB_PLACE_CONFLICT';
  constructor(attempted: string, path: string, record: string, job: string) {
    super({
      attempted,
      reason: `the record at ${path} belongs to ${record}, the job to ${job}`,
      remedy: "Enqueue one job per tenant, in that tenant's context",
    });
  }
}

/** The job carries no envelope: it was enqueued before the deployment, or by a plain queue. */
export class JobEnvelopeMissingError extends SwitchyardError {
  static override readonly code = 'JOB_ENVELOPE_MISSING';
  constructor() {
    super({
      attempted: 'restore the context of a job',
      reason: 'it carries no envelope, and onMissingEnvelope gave no routing key for it',
      remedy:
        'Enqueue through a sharded queue, or return the routing key of the job in onMissingEnvelope',
    });
  }
}

/** The envelope is damaged: it was not written by Switchyard, or was altered. Nothing ran. */
export class JobEnvelopeInvalidError extends SwitchyardError {
  static override readonly code = 'JOB_ENVELOPE_INVALID';
  constructor(reason: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: 'restore the context of a job',
        reason,
        remedy: 'Find out which program wrote the job, and enqueue it there again',
      },
      options,
    );
  }
}

/**
 * The envelope is not damaged, but this worker cannot read it: a newer release wrote it, or it is
 * signed and the worker has no keys. Nothing ran; the job waits for a worker that can read it.
 */
export class JobEnvelopeUnreadableError extends SwitchyardError {
  static override readonly code = 'JOB_ENVELOPE_UNREADABLE';
  static override readonly retryable = true;
  constructor(reason: string) {
    super({
      attempted: 'restore the context of a job',
      reason,
      remedy: 'Give this worker the release and the keys of its producers',
    });
  }
}

/** A record of the payload does not exist any more. The job's code did not run, and never will. */
export class JobRecordGoneError extends SwitchyardError {
  static override readonly code = 'JOB_RECORD_GONE';
  constructor(path: string, model: string, shard: string) {
    super({
      attempted: `locate ${path} (${model}) of a job`,
      shard,
      reason: 'the row does not exist any more',
      remedy: "Do not retry; use onGone: 'discard' where this is expected",
    });
  }
}

/** The shard of a record did not answer. The job's code did not run. */
export class JobRecordUnavailableError extends SwitchyardError {
  static override readonly code = 'JOB_RECORD_UNAVAILABLE';
  static override readonly retryable = true;
  constructor(path: string, model: string, shard: string, options: { cause: unknown }) {
    super(
      {
        attempted: `locate ${path} (${model}) of a job`,
        shard,
        reason: 'the shard did not answer, so nothing is known of the row',
        remedy: 'Run the job again later',
      },
      options,
    );
  }
}

/** A record of the payload is not where its global ID and the shards say. Nothing ran. */
export class JobRecordMisroutedError extends SwitchyardError {
  static override readonly code = 'JOB_RECORD_MISROUTED';
  constructor(path: string, model: string, shard: string, reason: string) {
    super({
      attempted: `locate ${path} (${model}) of a job`,
      shard,
      reason,
      remedy:
        'Find out why the record and the job are of different places; enqueue the job again in its own context',
    });
  }
}
