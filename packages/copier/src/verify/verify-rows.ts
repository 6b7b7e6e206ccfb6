import { nextRange } from '../chunks/chunker.ts';
import type { KeyRange } from '../chunks/key-range.ts';
import { Pace } from '../chunks/pace.ts';
import { applyChanges } from '../copying/apply-changes.ts';
import type { CopyingContext } from '../copying/copy-context.ts';
import { waitForGo } from '../copying/copy-rows.ts';
import { giveBack, run } from '../session/queries.ts';
import { rawText, type Key } from '../session/raw-value.ts';
import { hasSameOrder } from '../apply/same-server-carrier.ts';
import { differingColumns, differingKeys, isEqual } from './compare-chunk.ts';
import { RowsDifferError } from './verify-errors.ts';

/** Rows of a range are written again so often before they count as different. */
const MOST_REPAIRS = 3;
/** More waiting changes than these are applied first: they would explain any difference. */
const MOST_WAITING = 1_000;

/**
 * Compares every row of the original with its copy, range by range, each in one snapshot of both
 * tables and the log. A difference that a waiting change explains is none; another one is written
 * again; one that stays is an error.
 * @throws RowsDifferError
 */
export async function verifyRows(context: CopyingContext): Promise<void> {
  const { emit, names, session, pair } = context;
  emit({ event: 'phase', table: names.original, phase: 'verifying' });
  // Keys that are named one by one make a long statement.
  const pace = new Pace({ firstRows: 1_000, mostRows: hasSameOrder(pair) ? 50_000 : 500 });
  let after: Key | undefined;
  do {
    await waitForGo(context);
    await applyChanges(context, { underLocks: false });
    const range = await nextRange(session.connection, pair.source, { after, rows: pace.rows });
    const startedAt = performance.now();
    await verifyRange(context, range);
    pace.took(performance.now() - startedAt, pace.rows);
    after = range.upTo;
  } while (after !== undefined);
}

async function verifyRange(context: CopyingContext, range: KeyRange): Promise<void> {
  const { session, writer, pair, emit, names } = context;
  for (let repair = 0; ; repair++) {
    const keys = await unexplained(context, range);
    if (keys.length === 0) return;
    if (repair === MOST_REPAIRS) {
      const columns = await differingColumns(session.connection, pair, keys);
      throw new RowsDifferError(names.original, keys.length, columns);
    }
    await writer.writeKeys(session.connection, keys);
    emit({ event: 'repaired', table: names.original, rows: keys.length });
    await applyChanges(context, { underLocks: false });
  }
}

/** Keys of rows that differ, and of which no change waits in the log. */
async function unexplained(context: CopyingContext, range: KeyRange): Promise<Key[]> {
  const { session, pair, changes } = context;
  const { connection } = session;
  for (;;) {
    await run(connection, 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await run(connection, 'START TRANSACTION WITH CONSISTENT SNAPSHOT');
    try {
      if (await isEqual(connection, pair, range)) return [];
      const waiting = await changes.read(connection, MOST_WAITING);
      if (!waiting.more) {
        const explained = new Set(waiting.changes.map(({ key }) => rawText(key)));
        const keys = await differingKeys(connection, pair, range);
        return keys.filter((key) => !explained.has(rawText(key)));
      }
    } finally {
      await giveBack(connection, 'COMMIT');
    }
    await applyChanges(context, { underLocks: false });
  }
}
