import { RowWriter } from '../apply/row-writer.ts';
import { SameServerCarrier } from '../apply/same-server-carrier.ts';
import { alwaysPermitted } from '../apply/permission.ts';
import { applyChanges } from './apply-changes.ts';
import type { CopyingContext } from './copy-context.ts';

/**
 * Reads the log once more after the swap. A key that was written to the old table after the drain
 * is repaired from there: with the names and the order of locks that the copier uses none was ever
 * seen, but the process list cannot prove it. Answers how many there were.
 */
export async function repairLateChanges(context: CopyingContext): Promise<number> {
  const { pair, names, emit, options, failpoints } = context;
  const swapped = {
    ...pair,
    source: { ...pair.source, name: names.old },
    target: { ...pair.target, name: names.original },
  };
  const writer = new RowWriter({
    carrier: new SameServerCarrier(swapped),
    permission: options.permission ?? alwaysPermitted,
    probe: names.probe,
    onRefused: () => undefined,
  });
  const rows = await applyChanges({ ...context, writer }, { underLocks: false });
  if (rows > 0) emit({ event: 'repaired', table: names.original, rows });
  await failpoints.pass('late-changes-repaired');
  return rows;
}
