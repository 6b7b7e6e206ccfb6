import { currentFrame, outsideContext } from '@switchyard/shard-context';
import { SwitchyardError } from '@switchyard/shard-context/internal';

/**
 * A job that was enqueued inside a transaction could not be sent after it. The rows may have been
 * committed: if so, enqueue the job again.
 */
export class JobNotSentError extends SwitchyardError {
  static override readonly code = 'JOB_NOT_SENT';
  constructor(job: string, reason: string, options?: { cause?: unknown }) {
    super(
      {
        attempted: `send ${job} after its transaction`,
        reason,
        remedy: 'Look whether the transaction was committed, and enqueue the job again if so',
      },
      options,
    );
  }
}

/** For all producers of this process, because a job may name a parent in another producer's queue. */
const underWay = new Set<Promise<void>>();

/**
 * Sends that wait for the transaction around them, and sends that have started. For adapters of
 * queues: `if (!sends.keep('a mail job', send)) await send();`
 */
export class AfterCommitSends {
  readonly #onTheirWay = new Set<Promise<void>>();
  readonly #report: (error: JobNotSentError) => void;

  /** `report` receives jobs that were lost, because no caller awaits their sending any more. */
  constructor(report: (error: JobNotSentError) => void) {
    this.#report = (error) => {
      try {
        report(error);
      } catch (thrown) {
        // The caller may be in the middle of a COMMIT.
        process.emitWarning(thrown instanceof Error ? thrown : error);
      }
    };
  }

  /**
   * Keeps `send` until every open transaction around it has committed; drops it when one is rolled
   * back. False when none is open: the caller sends now. `isLast`: it is sent after all other sends
   * that have started, because the queue refuses a job whose parent it does not know.
   */
  keep(job: string, send: () => Promise<unknown>, isLast = false): boolean {
    const activity = currentFrame()?.activity;
    if (activity === undefined) return false;
    return activity.afterCommit({
      committed: () => this.#send(job, isLast ? afterOthers(send) : send),
      dropped: (outcome) => {
        if (outcome === 'rolledBack') return;
        this.#report(new JobNotSentError(job, 'nobody can say whether its transaction committed'));
      },
    });
  }

  /** Resolves when no send is running any more. */
  async flushed(): Promise<void> {
    while (this.#onTheirWay.size > 0) await Promise.all(this.#onTheirWay);
  }

  #send(job: string, send: () => Promise<unknown>): void {
    const sending = outsideContext(send)
      .catch((cause: unknown) => {
        this.#report(new JobNotSentError(job, 'the queue did not take it', { cause }));
      })
      .then(() => {
        this.#onTheirWay.delete(sending);
        underWay.delete(sending);
      });
    this.#onTheirWay.add(sending);
    underWay.add(sending);
  }
}

/** The sends that are running. These promises never reject: failures are reported elsewhere. */
function afterOthers(send: () => Promise<unknown>): () => Promise<unknown> {
  return () => Promise.all(underWay).then(send);
}
