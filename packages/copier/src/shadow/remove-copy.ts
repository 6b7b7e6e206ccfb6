import { escapeIdentifier } from '@switchyard/mysql/internal';
import { removeSentry } from '../cut-over/swap.ts';
import { removeLog } from '../key-log/install-log.ts';
import { logNames } from '../key-log/log-table.ts';
import { run } from '../session/queries.ts';
import type { CopyContext } from '../copying/copy-context.ts';

/** Removes everything that a copy made, the shadow included. The original is as it was. */
export async function removeUnfinished(context: CopyContext): Promise<void> {
  const { session, names, state, failpoints, options } = context;
  await state.enter(session.connection, 'aborting');
  await failpoints.pass('abort-noted');
  await removeSentry({ session, connect: options.connect, names });
  await removeKeyLog(context);
  const [shadow, probe] = [names.shadow, names.probe].map(escapeIdentifier);
  await run(session.connection, `DROP TABLE IF EXISTS ${shadow}, ${probe}`);
  await failpoints.pass('shadow-dropped');
  await state.drop(session.connection);
}

/** Removes what is left after the swap; the old table too, unless it is kept. */
export async function removeLeftovers(context: CopyContext): Promise<void> {
  const { session, names, state, failpoints, options } = context;
  await removeKeyLog(context);
  await run(session.connection, `DROP TABLE IF EXISTS ${escapeIdentifier(names.probe)}`);
  if (options.keepOldTable !== true) {
    await run(session.connection, `DROP TABLE IF EXISTS ${escapeIdentifier(names.old)}`);
    await failpoints.pass('old-table-dropped');
  }
  await state.drop(session.connection);
}

async function removeKeyLog({ session, names, failpoints, lock }: CopyContext): Promise<void> {
  const options = { server: session.server, failpoints, lock };
  await removeLog(session.connection, logNames(names.original), options);
}
