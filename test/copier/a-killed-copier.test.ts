import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { abortCopy, COPY_STEPS, copyTable, type CopyStep } from '@switchyard/copier';
import { mysqlServers } from '../support/servers/index.ts';
import { CopiedTable } from './copied-table.ts';
import { runCopier } from './run-copier.ts';

vi.setConfig({ testTimeout: 120_000 });

const ROWS = 450;
const ALTER = ['MODIFY v BIGINT NOT NULL'];
/** Passed by an abort alone. */
const OF_ABORT = new Set<CopyStep>(['abort-noted', 'shadow-dropped']);
const AFTER_SWAP = new Set<CopyStep>([
  ...(['renamed', 'late-changes-repaired', 'triggers-dropped'] as const),
  ...(['log-dropped', 'old-table-dropped'] as const),
]);
const OF_BATCH = new Set<CopyStep>(['before-batch-commit', 'batch-committed']);
/** Both ways to the end pass these. */
const OF_COPY = COPY_STEPS.filter((step) => !OF_ABORT.has(step));
const OF_REMOVAL: CopyStep[] = ['abort-noted', 'triggers-dropped', 'log-dropped', 'shadow-dropped'];

describe('a copier that is killed (kill -9)', () => {
  let database: CopiedTable;
  beforeAll(async () => {
    const [server] = await mysqlServers(1);
    database = await CopiedTable.start(server!, 'killed');
  });
  afterAll(() => database.stop());

  /** A table with a change that waits in the log whenever a copier is started again. */
  async function freshTable(): Promise<void> {
    await database.run(
      'DROP TABLE IF EXISTS orders',
      'CREATE TABLE orders (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL, pad VARCHAR(100) NULL)',
    );
    await database.fill('orders', ROWS);
  }

  async function write(n: number): Promise<void> {
    await database.run(
      `UPDATE orders SET v = ${n} WHERE id IN (1, 250, ${ROWS})`,
      `DELETE FROM orders WHERE id = ${n + 1}`,
      `INSERT INTO orders (v) VALUES (${n})`,
    );
  }

  const contents = () => database.rows('SELECT id, v, pad FROM orders ORDER BY id');
  const type = async () =>
    String((await database.rows("SHOW COLUMNS FROM orders LIKE 'v'"))[0]!['Type']);
  const copier = (diesAt: CopyStep, task: 'copy' | 'abort') =>
    runCopier({ url: database.database.url, table: 'orders', alter: ALTER, task, diesAt, time: 1 });

  it.each(OF_COPY)('at %s goes on where it was, and every row is right', async (step) => {
    await freshTable();
    await leaveChanges(step);
    const killed = await copier(step, 'copy');
    expect(killed, killed.errors).toMatchObject({ signal: 'SIGKILL' });
    await write(7);
    const before = await contents();
    await copyTable(database.options('orders', ALTER));
    expect(await contents()).toEqual(before);
    expect(await type()).toContain('bigint');
    expect(await database.leftovers()).toEqual([]);
  });

  it.each(OF_COPY)(
    'at %s is aborted without a trace, or says that it has swapped',
    async (step) => {
      await freshTable();
      await leaveChanges(step);
      const killed = await copier(step, 'copy');
      expect(killed, killed.errors).toMatchObject({ signal: 'SIGKILL' });
      await write(7);
      const before = await contents();
      if (AFTER_SWAP.has(step)) {
        const aborted = abortCopy(database.options('orders', ALTER));
        await expect(aborted).rejects.toMatchObject({ code: 'COPY_SWAPPED' });
        await copyTable(database.options('orders', ALTER));
        expect(await type()).toContain('bigint');
      } else {
        await abortCopy(database.options('orders', ALTER));
        expect(await type()).not.toContain('bigint');
      }
      expect(await contents()).toEqual(before);
      expect(await database.leftovers()).toEqual([]);
    },
  );

  it.each(OF_REMOVAL)('while it aborts, at %s, is aborted again to the end', async (step) => {
    await freshTable();
    expect(await copier('chunk-committed', 'copy')).toMatchObject({ signal: 'SIGKILL' });
    const killed = await copier(step, 'abort');
    expect(killed, killed.errors).toMatchObject({ signal: 'SIGKILL' });
    const before = await contents();
    await abortCopy(database.options('orders', ALTER));
    expect(await type()).not.toContain('bigint');
    expect(await contents()).toEqual(before);
    expect(await database.leftovers()).toEqual([]);
  });

  /** The steps of a batch are passed where a change was recorded: by a copy that was killed before. */
  async function leaveChanges(step: CopyStep): Promise<void> {
    if (!OF_BATCH.has(step)) return;
    expect(await copier('chunk-committed', 'copy')).toMatchObject({ signal: 'SIGKILL' });
    await write(3);
  }
});
