import { setTimeout as sleep } from 'node:timers/promises';
import { explainGrant } from '@switchyard/mysql/internal';
import { isSwitchyardError, type SwitchyardErrorCode } from '@switchyard/shard-context';
import { alwaysPermitted } from '../apply/permission.ts';
import { RowWriter } from '../apply/row-writer.ts';
import { SameServerCarrier } from '../apply/same-server-carrier.ts';
import { StateTable, type CopyState } from '../checkpoint/copy-state.ts';
import { Pace } from '../chunks/pace.ts';
import { cutOver } from '../cut-over/cut-over.ts';
import { hasSwapped } from '../cut-over/which-tables.ts';
import { KeyLog } from '../key-log/key-log.ts';
import { logNames } from '../key-log/log-table.ts';
import { noFailpoints } from '../progress/failpoints.ts';
import { withSession, type CopierSession } from '../session/open-session.ts';
import { verifyRows } from '../verify/verify-rows.ts';
import { copyNames } from '../table/copy-names.ts';
import { readTable } from '../table/read-table.ts';
import { applyChanges } from '../copying/apply-changes.ts';
import type { CopyContext, CopyingContext, ShadowCopyOptions } from '../copying/copy-context.ts';
import { CopySwappedError, OtherCopyBegunError } from './copy-errors.ts';
import { copyRows } from '../copying/copy-rows.ts';
import { takeLease } from '../locks/lease.ts';
import { makeShadow, pairWithShadow } from './make-shadow.ts';
import { refuseUncarried } from './refuse-uncarried.ts';
import { removeLeftovers, removeUnfinished } from './remove-copy.ts';
import { repairLateChanges } from '../copying/late-changes.ts';

const ASK_AGAIN_MS = 1_000;

/** How a shadow copy came out. */
export interface ShadowCopyResult {
  /** Rows that chunks have written, those of earlier runs included. */
  readonly rowsCopied: number;
  /** For how long the table was locked in the swap; undefined where an earlier run swapped it. */
  readonly lockedMs: number | undefined;
}

/**
 * Gives a table a new definition while it is written to: copies it into a shadow table, keeps the
 * shadow equal, and swaps the two. Goes on where an earlier run ended, after a kill at any point.
 * @throws TableNotCopyableError, ChangeSourceUnusableError, ChangeSourceLostError, OtherCopyBegunError,
 * DuplicateUnderNewKeyError, RowDoesNotFitError, TableStaysLockedError, CopyBusyError
 */
export function copyTable(options: ShadowCopyOptions): Promise<ShadowCopyResult> {
  return inContext(options, async (context) => {
    try {
      return await copyOrGoOn(context);
    } catch (error) {
      if (isHopeless(error)) await removeAsIfNeverBegun(context);
      throw error;
    }
  });
}

async function copyOrGoOn(context: CopyContext): Promise<ShadowCopyResult> {
  const { options } = context;
  const state = await begin(context);
  if (state.stage === 'swapped') return finish(context, state.rowsCopied, undefined);
  const copying = await startRecording(context);
  const recorded = await stateOf(copying);
  await copyRows(copying, recorded);
  if (options.checksum !== false) {
    await verifyRows(copying);
    await copying.failpoints.pass('verified');
  }
  await waitForRelease(copying);
  const lockedMs = await cutOver(copying, recorded.incarnation);
  await copying.failpoints.pass('renamed');
  copying.emit({ event: 'swapped', table: options.table, lockedMs });
  await repairLateChanges(copying);
  return finish(copying, (await stateOf(copying)).rowsCopied, lockedMs);
}

/** Before the swap alone: afterwards a failure of the cleaning up is left for the next run. */
async function removeAsIfNeverBegun(context: CopyContext): Promise<void> {
  const state = await context.state.read(context.session.connection);
  if (state === undefined || (await isSwapped(context, state))) return;
  await removeUnfinished(context);
}

/** Failures that another try of the same copy would meet again: it is removed at once. */
function isHopeless(error: unknown): boolean {
  const hopeless: readonly SwitchyardErrorCode[] = [
    ...(['DUPLICATE_UNDER_NEW_KEY', 'ROW_DOES_NOT_FIT', 'CHANGE_SOURCE_LOST'] as const),
    ...(['CHANGE_SOURCE_UNUSABLE', 'ROWS_DIFFER', 'DEFINITION_REFUSED'] as const),
    'TABLE_NOT_COPYABLE',
  ];
  return hopeless.some((code) => isSwitchyardError(error, code));
}

/**
 * Ends a copy that is not swapped yet: the table is as it was, and nothing is left beside it. Does
 * nothing where there is no copy.
 * @throws CopySwappedError
 */
export function abortCopy(options: ShadowCopyOptions): Promise<void> {
  return inContext(options, async (context) => {
    const state = await context.state.read(context.session.connection);
    if (state === undefined) return context.state.drop(context.session.connection);
    if (await isSwapped(context, state)) throw new CopySwappedError(options.table);
    await removeUnfinished(context);
  });
}

function inContext<T>(
  options: ShadowCopyOptions,
  use: (context: CopyContext) => Promise<T>,
): Promise<T> {
  return withSession(options.connect, async (session) => {
    await takeLease(session.connection, options.table);
    try {
      return await use(contextOf(options, session));
    } catch (error) {
      throw explainGrant(error, `copy table ${options.table}`);
    }
  });
}

function contextOf(options: ShadowCopyOptions, session: CopierSession): CopyContext {
  const { table, lockGiveUpMs: giveUpMs, signal } = options;
  const emit = options.onEvent ?? (() => undefined);
  const names = copyNames(table);
  return {
    options,
    names,
    session,
    state: new StateTable(names.state),
    failpoints: options.failpoints ?? noFailpoints,
    emit,
    lock: { giveUpMs, signal, onWait: (wait) => emit({ event: 'lock-waiting', table, ...wait }) },
  };
}

/** The checkpoint, made where there is none; what a kill left undecided is settled by looking. */
async function begin(context: CopyContext): Promise<CopyState> {
  const { session, state, options } = context;
  const { connection } = session;
  let found = await state.read(connection);
  if (found !== undefined && (await isSwapped(context, found)))
    return { ...found, stage: 'swapped' };
  if (found?.stage === 'aborting') {
    await removeUnfinished(context);
    found = undefined;
  }
  const definition = JSON.stringify({ alter: options.alter, renamed: options.renamed ?? {} });
  if (found !== undefined && found.definition !== definition) {
    throw new OtherCopyBegunError(options.table);
  }
  if (found === undefined) {
    // Refused before anything is made.
    await readTable(connection, options.table);
    await refuseUncarried(connection, context.names);
    await state.create(connection, definition);
    await context.failpoints.pass('state-made');
  }
  return stateOf(context);
}

async function isSwapped({ session, names }: CopyContext, state: CopyState): Promise<boolean> {
  if (state.stage === 'swapped') return true;
  return state.stage === 'cutting' && (await hasSwapped(session.connection, names));
}

async function stateOf({ state, session, names }: CopyContext): Promise<CopyState> {
  const found = await state.read(session.connection);
  if (found === undefined) throw new CopySwappedError(names.original);
  return found;
}

/** Shadow, log and triggers: from here on no change is lost. */
async function startRecording(context: CopyContext): Promise<CopyingContext> {
  const { session, names, options, state, failpoints } = context;
  const { connection } = session;
  const source = await readTable(connection, names.original);
  const { stage } = await stateOf(context);
  if (stage === 'making') {
    await makeShadow(connection, names, options);
    await failpoints.pass('shadow-made');
  }
  const pair = await pairWithShadow(connection, source, {
    shadow: names.shadow,
    definition: options,
  });
  const watched = { name: source.name, key: source.key, referenced: [], onlyForRowsBelow: false };
  const beside = logNames(source.name);
  const changes = new KeyLog([watched], [beside], {
    server: session.server,
    failpoints,
    lock: context.lock,
    definer: options.definer,
  });
  if (stage === 'making') {
    await changes.start(connection);
    await state.enter(connection, 'copying', source.incarnation);
    await failpoints.pass('recording');
  }
  return { ...context, ...writing(context, pair), pair, changes, logTables: [beside.log] };
}

function writing(context: CopyContext, pair: CopyingContext['pair']) {
  const pace = new Pace(context.options.pace);
  const writer = new RowWriter({
    carrier: new SameServerCarrier(pair),
    permission: context.options.permission ?? alwaysPermitted,
    probe: context.names.probe,
    onRefused: () => pace.refused(),
  });
  return { pace, writer };
}

async function waitForRelease(context: CopyingContext): Promise<void> {
  const { options, emit, names } = context;
  if (options.mayCutOver === undefined) return;
  emit({ event: 'phase', table: names.original, phase: 'waiting-for-cut-over' });
  while (!(await options.mayCutOver())) {
    await applyChanges(context, { underLocks: false });
    await sleep(ASK_AGAIN_MS, undefined, { signal: options.signal });
  }
}

async function finish(
  context: CopyContext,
  rowsCopied: number,
  lockedMs: number | undefined,
): Promise<ShadowCopyResult> {
  await context.state.enter(context.session.connection, 'swapped');
  await removeLeftovers(context);
  return { rowsCopied, lockedMs };
}
