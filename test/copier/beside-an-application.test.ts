import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { abortCopy, copyTable, type CopyEvent, type CopyStep } from '@switchyard/copier';
import { mysqlServers } from '../support/servers/index.ts';
import { CopiedTable } from './copied-table.ts';
import { Writers } from './writers.ts';

vi.setConfig({ testTimeout: 120_000 });

describe('an application beside a copy', () => {
  let database: CopiedTable;
  beforeAll(async () => {
    const [server] = await mysqlServers(1);
    database = await CopiedTable.start(server!, 'beside');
  });
  afterAll(() => database.stop());

  async function freshTable(rows: number): Promise<void> {
    await database.run(
      'DROP TABLE IF EXISTS t',
      'CREATE TABLE t (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL, pad VARCHAR(100) NULL)',
    );
    await database.fill('t', rows);
  }

  /** Runs each action the first time that its step is passed. */
  const once = (actions: Partial<Record<CopyStep, () => Promise<unknown>>>) => {
    const left = new Map(Object.entries(actions));
    return {
      pass: async (step: CopyStep) => {
        const action = left.get(step);
        left.delete(step);
        await action?.();
      },
    };
  };

  it('is no victim of a dead-lock and waits for no chunk: an open transaction of two updates', async () => {
    await freshTable(1_000);
    const application = await database.connect();
    await application.query('SET innodb_lock_wait_timeout = 1');
    await copyTable({
      ...database.options('t', ['MODIFY v BIGINT NOT NULL']),
      pace: { firstRows: 1_000, mostRows: 1_000 },
      failpoints: once({
        recording: () =>
          application
            .query('BEGIN')
            .then(() => application.query('UPDATE t SET v = 1 WHERE id = 900')),
        // The chunk's transaction is open and has read all rows: nothing of the table is locked.
        'before-chunk-commit': async () => {
          await application.query('UPDATE t SET v = 1 WHERE id = 100');
          await application.query('INSERT INTO t (v) VALUES (1)');
        },
        copied: () => application.query('COMMIT'),
      }),
    });
    await application.end();
    const rows = await database.rows('SELECT id FROM t WHERE v = 1 ORDER BY id');
    expect(rows.map(({ id }) => Number(id))).toEqual([100, 900, 1001]);
  });

  it('loses no change whose id in the log is lower than one that was consumed before it committed', async () => {
    await freshTable(10);
    const application = await database.connect();
    await copyTable({
      ...database.options('t', ['MODIFY v BIGINT NOT NULL']),
      pace: { firstRows: 5, mostRows: 5 },
      failpoints: once({
        recording: async () => {
          await application.query('BEGIN');
          await application.query('UPDATE t SET v = 1 WHERE id = 2');
          await database.run('UPDATE t SET v = 1 WHERE id = 3');
        },
        'batch-committed': () => Promise.resolve(),
        copied: () => application.query('COMMIT'),
      }),
    });
    await application.end();
    const rows = await database.rows('SELECT id FROM t WHERE v = 1 ORDER BY id');
    expect(rows.map(({ id }) => Number(id))).toEqual([2, 3]);
  });

  it('moves unique values round among rows, copied or not, and each ends where it belongs', async () => {
    await database.run(
      'DROP TABLE IF EXISTS t',
      'CREATE TABLE t (id INT PRIMARY KEY, u INT, w VARCHAR(9), UNIQUE KEY by_u (u), UNIQUE KEY by_w (w))',
    );
    for (let id = 1; id <= 9; id++)
      await database.run(`INSERT INTO t VALUES (${id}, ${id}, 'w${id}')`);
    const rotate = async (a: number, b: number, c: number) => {
      const values = await database.rows(`SELECT id, u, w FROM t WHERE id IN (${a}, ${b}, ${c})`);
      const of = (id: number) => values.find((row) => row['id'] === id)!;
      await database.run(
        'BEGIN',
        `UPDATE t SET u = NULL, w = NULL WHERE id IN (${a}, ${b}, ${c})`,
        ...[
          [a, c],
          [b, a],
          [c, b],
        ].map(
          ([to, from]) =>
            `UPDATE t SET u = ${of(from!)['u']}, w = '${of(from!)['w']}' WHERE id = ${to}`,
        ),
        'COMMIT',
      );
    };
    let chunks = 0;
    await copyTable({
      ...database.options('t', ['MODIFY u BIGINT NULL']),
      pace: { firstRows: 2, mostRows: 2 },
      failpoints: {
        pass: async (step) => {
          if (step === 'before-chunk-commit') chunks++;
          if (step === 'before-chunk-commit' && chunks < 6) await rotate(1, 5, 9);
          if (step === 'chunk-committed' && chunks < 6) await rotate(2, 3, 8);
        },
      },
      keepOldTable: true,
    });
    const columns = ['id', 'u', 'w'];
    expect(await database.exact('t', columns)).toEqual(await database.exact('`t~old`', columns));
    await database.run('DROP TABLE `t~old`');
  });

  it('never gets an id again that a deleted row had', async () => {
    await freshTable(20);
    await database.run('DELETE FROM t WHERE id > 15');
    await copyTable(database.options('t', ['MODIFY v BIGINT NOT NULL']));
    await database.run('INSERT INTO t (v) VALUES (5)');
    const rows = await database.rows('SELECT id FROM t WHERE v = 5');
    expect(rows).toEqual([{ id: 21 }]);
  });

  it('may live in another time zone than the copier, with times as keys', async () => {
    await database.run(
      'DROP TABLE IF EXISTS t',
      'CREATE TABLE t (at TIMESTAMP(6) NOT NULL PRIMARY KEY, other DATETIME NULL, v INT)',
      "SET time_zone = '+05:30'",
      "INSERT INTO t VALUES ('2026-10-25 01:30:00', '2026-10-25 01:30:00', 1), ('2026-10-25 02:30:00.5', NULL, 2), ('2026-10-25 03:00:00', NULL, 3)",
    );
    await copyTable({
      ...database.options('t', ['ADD COLUMN added INT NULL']),
      pace: { firstRows: 1, mostRows: 1 },
      failpoints: once({
        'chunk-committed': () =>
          database.run(
            "UPDATE t SET v = 9 WHERE at = '2026-10-25 01:30:00'",
            "UPDATE t SET at = '2026-10-25 04:00:00.000001' WHERE v = 3",
            "DELETE FROM t WHERE at = '2026-10-25 02:30:00.5'",
          ),
      }),
    });
    await database.run("SET time_zone = '+05:30'");
    const rows = await database.rows(
      'SELECT CAST(at AS CHAR) AS at, CAST(other AS CHAR) AS other, v FROM t ORDER BY v',
    );
    expect(rows).toEqual([
      { at: '2026-10-25 04:00:00.000001', other: null, v: 3 },
      { at: '2026-10-25 01:30:00.000000', other: '2026-10-25 01:30:00', v: 9 },
    ]);
    await database.run('SET time_zone = DEFAULT');
  });

  it('at full rate with prepared statements sees no error while triggers come and go and tables are swapped', async () => {
    await freshTable(300);
    const writers = Writers.start(database.connect, { table: 't', rows: 300, writers: 6 });
    const events: CopyEvent[] = [];
    for (let round = 0; round < 30; round++) {
      const type = round % 2 === 0 ? 'BIGINT' : 'INT';
      const options = {
        ...database.options('t', [`MODIFY v ${type} NOT NULL`]),
        onEvent: (event: CopyEvent) => events.push(event),
      };
      if (round % 4 === 3) {
        const stop = {
          pass: (step: CopyStep) =>
            step === 'copied' ? Promise.reject(new Error('stop')) : undefined,
        };
        await expect(copyTable({ ...options, failpoints: stop })).rejects.toThrow('stop');
        await abortCopy(options);
      } else {
        await copyTable(options);
      }
    }
    const { errors, values, deleted, writes } = await writers.stop();
    expect(errors).toEqual([]);
    expect(writes).toBeGreaterThan(500);
    expect(events.filter(({ event }) => event === 'repaired')).toEqual([]);
    const expected = new Map(Array.from({ length: 300 }, (_, i) => [i + 1, 0]));
    for (const [id, v] of values) expected.set(id, v);
    for (const id of deleted) expected.delete(id);
    const rows = await database.rows('SELECT id, v FROM t');
    expect(new Map(rows.map(({ id, v }) => [Number(id), Number(v)]))).toEqual(expected);
    expect(await database.leftovers()).toEqual([]);
  });

  it('is not stopped by a lock that waits behind its long transaction', async () => {
    await freshTable(20);
    const application = await database.connect();
    await application.query('BEGIN');
    await application.query('SELECT * FROM t');
    const waits: CopyEvent[] = [];
    const copy = copyTable({
      ...database.options('t', ['MODIFY v BIGINT NOT NULL']),
      onEvent: (event) => void (event.event === 'lock-waiting' && waits.push(event)),
    });
    await vi.waitFor(() => expect(waits.length).toBeGreaterThan(2), { timeout: 20_000 });
    const startedAt = performance.now();
    await database.run('UPDATE t SET v = 3 WHERE id = 7');
    expect(performance.now() - startedAt).toBeLessThan(500);
    await application.query('COMMIT');
    await copy;
    await application.end();
    expect(await database.rows('SELECT v FROM t WHERE id = 7')).toEqual([{ v: 3 }]);
  });
});
