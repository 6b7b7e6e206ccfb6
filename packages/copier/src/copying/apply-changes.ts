import type { CopyingContext } from './copy-context.ts';

/** Keys in one batch. */
const BATCH = 400;
/** So often a drain reads on before it lets a chunk have its turn. */
const MOST_BATCHES = 50;

/** Applies what the change source says now, batch after batch. Answers how many changes there were. */
export async function applyChanges(
  context: CopyingContext,
  { underLocks, mostBatches = MOST_BATCHES }: { underLocks: boolean; mostBatches?: number },
): Promise<number> {
  const { changes, session, writer, failpoints } = context;
  let applied = 0;
  for (let i = 0; i < mostBatches; i++) {
    const batch = await changes.read(session.connection, BATCH);
    if (batch.changes.length === 0) break;
    const keys = batch.changes.map(({ key }) => key);
    await writer.writeKeys(session.connection, keys, {
      underLocks,
      beside: async (connection) => {
        await changes.done(connection, batch);
        await failpoints.pass('before-batch-commit');
      },
    });
    await failpoints.pass('batch-committed');
    applied += batch.changes.length;
    if (!batch.more) break;
  }
  return applied;
}
