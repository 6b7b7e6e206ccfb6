import { setTimeout as sleep } from 'node:timers/promises';
import type { CopyState } from '../checkpoint/copy-state.ts';
import { nextRange } from '../chunks/chunker.ts';
import type { CopyPhase } from '../progress/progress.ts';
import { ChangeSourceLostError } from '../session/copier-errors.ts';
import { rowsOf } from '../session/queries.ts';
import { readIncarnation } from '../table/incarnation.ts';
import type { Key } from '../session/raw-value.ts';
import { applyChanges } from './apply-changes.ts';
import type { CopyingContext } from './copy-context.ts';

const CHECK_EVERY_MS = 1_000;
const PROGRESS_EVERY_MS = 500;
const THROTTLE_PAUSE_MS = 200;

/**
 * Writes chunk after chunk from the checkpoint on, and between two chunks what changed meanwhile.
 * One after the other on purpose: a key that is read from the log is applied when no chunk is in
 * flight, so that a chunk never writes a row that is older than an applied one.
 */
export async function copyRows(context: CopyingContext, from: CopyState): Promise<void> {
  const { session, pair, writer, pace, state, failpoints } = context;
  const progress = new Progress(context, from.rowsCopied);
  let after: Key | undefined = from.position;
  let checkedAt = -Infinity;
  for (let ended = from.stage === 'copied'; !ended;) {
    if (performance.now() - checkedAt > CHECK_EVERY_MS) {
      await checkOriginal(context, from.incarnation);
      checkedAt = performance.now();
    }
    await waitForGo(context);
    await applyChanges(context, { underLocks: false });
    const range = await nextRange(session.connection, pair.source, { after, rows: pace.rows });
    const startedAt = performance.now();
    const rows = await writer.writeRange(session.connection, range, {
      beside: async (connection, written) => {
        await state.advance(connection, range.upTo, written);
        await failpoints.pass('before-chunk-commit');
      },
    });
    await failpoints.pass('chunk-committed');
    pace.took(performance.now() - startedAt, rows);
    after = range.upTo;
    ended = after === undefined;
    await progress.chunk(rows);
  }
  await failpoints.pass('copied');
}

/**
 * Looks whether the original is still the table that is copied, and whether its changes are all
 * recorded: TRUNCATE fires no triggers.
 * @throws ChangeSourceLostError
 */
export async function checkOriginal(context: CopyingContext, incarnation: string): Promise<void> {
  const { session, names, changes } = context;
  await changes.check(session.connection);
  if ((await readIncarnation(session.connection, names.original)) === incarnation) return;
  const reason = 'the table was emptied by TRUNCATE, rebuilt or made again while it was copied';
  throw new ChangeSourceLostError(names.original, reason);
}

/** Waits between two transactions until the throttler lets the next one begin. */
export async function waitForGo(context: CopyingContext): Promise<void> {
  const { options, emit, names } = context;
  let said: string | undefined;
  for (;;) {
    options.signal?.throwIfAborted();
    const decision = await options.throttler?.decide();
    if (decision?.go !== false) return;
    const reason = decision.reason ?? 'the throttler gave no reason';
    if (reason !== said) emit({ event: 'throttled', table: names.original, reason });
    said = reason;
    await sleep(THROTTLE_PAUSE_MS);
  }
}

/** Tells how far the copy is, at most twice a second. */
class Progress {
  readonly #context: CopyingContext;
  readonly #startedAt = performance.now();
  readonly #before: number;
  #rows = 0;
  #toldAt = -Infinity;

  constructor(context: CopyingContext, before: number) {
    this.#context = context;
    this.#before = before;
  }

  async chunk(rows: number): Promise<void> {
    this.#rows += rows;
    const now = performance.now();
    if (now - this.#toldAt < PROGRESS_EVERY_MS) return;
    this.#toldAt = now;
    await this.#tell('copying');
  }

  async #tell(phase: CopyPhase): Promise<void> {
    const { emit, names, pace, session, changes, options } = this.#context;
    const rowsCopied = this.#before + this.#rows;
    const rate = (this.#rows * 1000) / Math.max(1, performance.now() - this.#startedAt);
    const rowsExpected = await expectedRows(this.#context);
    const left = Math.max(0, rowsExpected - rowsCopied);
    emit({
      event: 'progress',
      table: names.original,
      phase,
      rowsCopied,
      rowsExpected,
      rowsPerSecond: Math.round(rate),
      etaMs: rate > 0 ? Math.round((left * 1000) / rate) : undefined,
      backlog: await changes.backlog(session.connection),
      chunkRows: pace.rows,
      chunkMs: Math.round(pace.lastMs),
      readings: (await options.throttler?.decide())?.readings ?? [],
    });
  }
}

async function expectedRows({ session, names }: CopyingContext): Promise<number> {
  const [row] = await rowsOf<{ n: string | number | null }>(
    session.connection,
    `SELECT TABLE_ROWS AS n FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?`,
    [names.original],
  );
  return Number(row?.n ?? 0);
}
