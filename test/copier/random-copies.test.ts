import fc from 'fast-check';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { copyTable, COPY_STEPS, type CopyStep } from '@switchyard/copier';
import { mysqlServers } from '../support/servers/index.ts';
import { CopiedTable } from './copied-table.ts';

vi.setConfig({ testTimeout: 120_000 });

const RUNS = 15;
const seed = Number(process.env['SWITCHYARD_SEED'] ?? Date.now() % 2 ** 31);

const KEYS: Readonly<Record<string, readonly [string, (n: number) => string]>> = {
  number: ['k INT NOT NULL, PRIMARY KEY (k)', (n) => `${n * 3 - 20}`],
  unsigned: ['k BIGINT UNSIGNED NOT NULL, PRIMARY KEY (k)', (n) => `18446744073709551615 - ${n}`],
  text: [
    'k VARCHAR(9) COLLATE utf8mb4_unicode_ci NOT NULL, PRIMARY KEY (k)',
    (n) => `'${'aAbBßs'[n % 6]}${n}'`,
  ],
  binary: [
    'k VARBINARY(9) NOT NULL, PRIMARY KEY (k)',
    (n) => `UNHEX('00${(n + 16).toString(16)}')`,
  ],
  unique: ['k DECIMAL(9,2) NOT NULL, UNIQUE KEY (k)', (n) => `${n}.25`],
  pair: ['k INT NOT NULL, l CHAR(2) NOT NULL DEFAULT "x", PRIMARY KEY (l, k)', (n) => `${n}`],
};
const ALTERS = [
  'ADD COLUMN added INT NULL',
  'MODIFY v BIGINT NULL',
  'ADD UNIQUE KEY also_u (u, v)',
];

/** One write of an application: into which key, and what. */
const write = fc.record({
  kind: fc.constantFrom('insert', 'update', 'delete', 'rekey', 'swap'),
  n: fc.integer({ min: 0, max: 30 }),
  m: fc.integer({ min: 0, max: 30 }),
});

interface Drawn {
  readonly key: string;
  readonly alter: string;
  readonly rows: number;
  readonly chunk: number;
  readonly writes: readonly {
    readonly at: number;
    readonly write: { readonly kind: string; readonly n: number; readonly m: number };
  }[];
  readonly kills: readonly CopyStep[];
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  key: fc.constantFrom(...Object.keys(KEYS)),
  alter: fc.constantFrom(...ALTERS),
  rows: fc.integer({ min: 0, max: 25 }),
  chunk: fc.integer({ min: 1, max: 9 }),
  writes: fc.array(fc.record({ at: fc.integer({ min: 1, max: 40 }), write }), { maxLength: 30 }),
  kills: fc.array(fc.constantFrom<CopyStep>(...COPY_STEPS), { maxLength: 3 }),
});

describe(`random tables, writes, chunk sizes and kills (seed ${seed})`, () => {
  let database: CopiedTable;
  beforeAll(async () => {
    const [server] = await mysqlServers(1);
    database = await CopiedTable.start(server!, 'random');
  });
  afterAll(() => database.stop());

  /** What the application does; a key that is taken, or a value, is the application's own error. */
  async function apply(
    { kind, n, m }: { kind: string; n: number; m: number },
    key: (n: number) => string,
  ) {
    const sql: Record<string, string[]> = {
      insert: [`INSERT INTO t (k, u, v) VALUES (${key(n)}, ${n}, ${m})`],
      update: [`UPDATE t SET v = ${m} WHERE k = ${key(n)}`],
      delete: [`DELETE FROM t WHERE k = ${key(n)}`],
      rekey: [`UPDATE t SET k = ${key(m)} WHERE k = ${key(n)}`],
      swap: [
        'BEGIN',
        `SET @a = (SELECT u FROM t WHERE k = ${key(n)}), @b = (SELECT u FROM t WHERE k = ${key(m)})`,
        `UPDATE t SET u = NULL WHERE k IN (${key(n)}, ${key(m)})`,
        `UPDATE t SET u = @b WHERE k = ${key(n)}`,
        `UPDATE t SET u = @a WHERE k = ${key(m)}`,
        'COMMIT',
      ],
    };
    try {
      await database.run(...sql[kind]!);
    } catch (error) {
      await database.run('ROLLBACK');
      if ((error as { errno?: number }).errno !== 1062) throw error;
    }
  }

  /** Runs a copy until it is done, killed on the way at each of `kills` that it passes. */
  async function copyThroughKills(drawn: Drawn, value: (n: number) => string): Promise<void> {
    let passed = 0;
    for (const kill of [...drawn.kills, undefined]) {
      const sessions: Connection[] = [];
      const connect = async () => {
        const session = await database.connect();
        session.on('error', () => undefined);
        sessions.push(session);
        return session;
      };
      // Swapped by an earlier run: the old table no longer follows.
      const there = await database.leftovers();
      let locked = there.includes('t~old') && !there.includes('t~new');
      const pass = async (step: CopyStep) => {
        passed++;
        // From then on the old table no longer follows.
        locked ||= step === 'locked';
        // Under table locks the application waits.
        const waits = locked || step === 'before-triggers' || step === 'trigger-made';
        const due = drawn.writes.filter(({ at }) => !waits && at === passed);
        for (const { write: one } of due) await apply(one, value);
        if (step !== kill) return;
        // All that the server notices of `kill -9`.
        for (const session of sessions) session.destroy();
        throw new Error('killed');
      };
      const pace = { firstRows: drawn.chunk, mostRows: drawn.chunk };
      const options = { ...database.options('t', [drawn.alter]), connect, pace };
      try {
        await copyTable({ ...options, keepOldTable: true, failpoints: { pass } });
        return;
      } catch (error) {
        expect((error as Error).message).toBe('killed');
      }
    }
  }

  async function isExact(drawn: Drawn): Promise<void> {
    const [columns, value] = KEYS[drawn.key]!;
    await database.run(
      'DROP TABLE IF EXISTS t, `t~old`',
      `CREATE TABLE t (${columns}, u INT NULL, v INT NULL, UNIQUE KEY by_u (u)) CHARACTER SET utf8mb4`,
    );
    for (let n = 0; n < drawn.rows; n++) {
      await database.run(`INSERT INTO t (k, u, v) VALUES (${value(n)}, ${n}, 0)`);
    }
    const found = await database.columns('t');
    await copyThroughKills(drawn, value);
    expect(await database.exact('t', found)).toEqual(await database.exact('`t~old`', found));
    await database.run('DROP TABLE `t~old`');
    expect(await database.leftovers()).toEqual([]);
  }

  it('leave exactly the rows of the original', () =>
    fc.assert(fc.asyncProperty(drawn, isExact), { seed, numRuns: RUNS, endOnFailure: true }));
});
