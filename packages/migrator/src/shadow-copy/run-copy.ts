import type { CopyEvent, CopyStep, ShadowCopyOptions, Throttler } from '@switchyard/copier';
import type { Connection } from 'mysql2/promise';
import type { Step } from '../plan/plan.ts';
import { loadCopier } from './load-copier.ts';

/** What a copy needs of the run that it is a step of. */
export interface CopyRun {
  /** One more connection to the shard's database. */
  readonly connect: () => Promise<Connection>;
  /** Returns when the run may go on; throws where it must end. */
  readonly mayGoOn: () => Promise<void>;
  readonly lockGiveUpMs: number;
  readonly onEvent: (event: CopyEvent) => void;
  readonly onStep: (step: CopyStep) => void;
}

/** Control is asked for so often: a chunk takes 40 ms. */
const ASK_EVERY_MS = 500;

/**
 * Copies the table of a step and swaps it in, from wherever an earlier run has left the copy.
 * Resolves to the milliseconds for which the table was locked in the swap.
 */
export async function runCopy(step: Step, run: CopyRun): Promise<number> {
  const { copyTable } = await loadCopier();
  const { lockedMs = 0 } = await copyTable(optionsOf(step, run));
  return lockedMs;
}

/** Removes what a copy has made so far. The table is as it was. @throws CopySwappedError */
export async function removeCopy(step: Step, run: Pick<CopyRun, 'connect'>): Promise<void> {
  const { abortCopy } = await loadCopier();
  const { table = '', copy } = step;
  await abortCopy({ connect: run.connect, table, ...definitionOf(copy) });
}

/** True where a copy of the step's table was begun and not all of it is removed. */
export async function isUnderWay(connection: Connection, { table }: Step): Promise<boolean> {
  const { copyIsBegun } = await loadCopier();
  return copyIsBegun(connection, table ?? '');
}

function optionsOf({ table = '', copy }: Step, run: CopyRun): ShadowCopyOptions {
  return {
    ...definitionOf(copy),
    connect: run.connect,
    table,
    lockGiveUpMs: run.lockGiveUpMs,
    throttler: askingForControl(run.mayGoOn),
    mayCutOver: async () => {
      await run.mayGoOn();
      return true;
    },
    onEvent: run.onEvent,
    failpoints: { pass: run.onStep },
  };
}

function definitionOf(copy: Step['copy']) {
  return { alter: copy?.alter ?? [], renamed: copy?.renamed ?? {} };
}

/** A pause holds the copy between two transactions; an abort ends it there. */
function askingForControl(mayGoOn: CopyRun['mayGoOn']): Throttler {
  let askedAt = -Infinity;
  return {
    async decide() {
      if (performance.now() - askedAt >= ASK_EVERY_MS) {
        await mayGoOn();
        askedAt = performance.now();
      }
      return { go: true, reason: undefined, readings: [] };
    },
  };
}
