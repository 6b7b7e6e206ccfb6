import { createConnection } from 'mysql2/promise';
import { abortCopy, copyTable, type CopyStep } from '@switchyard/copier';

// A process that copies a table, or aborts its copy, and is killed as by `kill -9` when it passes a
// step for the given time.

/** What the process is told at its start. */
export interface CopierStart {
  readonly url: string;
  readonly table: string;
  readonly alter: readonly string[];
  readonly task: 'copy' | 'abort';
  readonly diesAt?: CopyStep | undefined;
  /** Which passing of the step: 1 is the first. */
  readonly time?: number | undefined;
  readonly chunkRows?: number | undefined;
}

const start = JSON.parse(process.argv[2]!) as CopierStart;
let passed = 0;
const options = {
  connect: () => createConnection(start.url),
  table: start.table,
  alter: start.alter,
  pace: { firstRows: start.chunkRows ?? 100, mostRows: start.chunkRows ?? 100 },
  failpoints: {
    pass: async (step: CopyStep) => {
      if (step !== start.diesAt || ++passed < (start.time ?? 1)) return;
      process.kill(process.pid, 'SIGKILL');
      // The signal comes between two turns: nothing more may be sent.
      await new Promise(() => undefined);
    },
  },
};
if (start.task === 'copy') await copyTable(options);
else await abortCopy(options);
