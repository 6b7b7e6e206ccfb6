import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyTable, type CopyStep } from '@switchyard/copier';
import { mysqlServers, startMysqlServer, type MysqlServer } from '../support/servers/index.ts';
import { CopiedTable } from './copied-table.ts';

describe('a copy that cannot be right', () => {
  let database: CopiedTable;
  let server: MysqlServer;
  beforeAll(async () => {
    server = (await mysqlServers(1))[0]!;
    database = await CopiedTable.start(server, 'refused');
  });
  afterAll(() => database.stop());
  beforeEach(() =>
    database.run('DROP VIEW IF EXISTS w', 'DROP TABLE IF EXISTS child, t, parent, `t~new`'),
  );

  /** The copy is refused with this code and these words; table and database are as they were. */
  async function refused(
    alter: string[],
    expected: { code: string; message: RegExp },
    during: Partial<Record<CopyStep, () => Promise<void>>> = {},
  ): Promise<void> {
    const definition = await database.rows('SHOW CREATE TABLE t');
    const passed = new Set<CopyStep>();
    const pass = async (step: CopyStep) => {
      if (passed.has(step)) return;
      passed.add(step);
      await during[step]?.();
    };
    const copy = copyTable({
      ...database.options('t', alter),
      pace: { firstRows: 2, mostRows: 2 },
      failpoints: { pass },
    });
    await expect(copy).rejects.toMatchObject({
      code: expected.code,
      message: expect.stringMatching(expected.message) as string,
    });
    expect(await database.rows('SHOW CREATE TABLE t')).toEqual(definition);
    expect(await database.leftovers()).toEqual([]);
  }
  const ADD = ['ADD COLUMN added INT NULL'];

  it.each([
    ['no key at all', 'a INT, b INT', /no primary key/],
    ['only a unique key with NULL in it', 'a INT NULL, UNIQUE KEY (a)', /no primary key/],
    [
      'only a unique key over the first characters',
      'a TEXT NOT NULL, UNIQUE KEY (a(5))',
      /no primary/,
    ],
    [
      'only a key that is computed',
      'a INT, k INT GENERATED ALWAYS AS (a + 1) STORED UNIQUE',
      /no primary/,
    ],
  ])('is refused for a table with %s', async (_, columns, message) => {
    await database.run(`CREATE TABLE t (${columns})`);
    await refused(ADD, { code: 'TABLE_NOT_COPYABLE', message });
  });

  it('is refused for another engine than InnoDB', async () => {
    await database.run('CREATE TABLE t (k INT PRIMARY KEY) ENGINE = MyISAM');
    await refused(ADD, { code: 'TABLE_NOT_COPYABLE', message: /engine is MyISAM/ });
  });

  it('is refused for a parent, and names the child', async () => {
    await database.run(
      'CREATE TABLE t (k INT PRIMARY KEY)',
      'CREATE TABLE child (k INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES t (k))',
    );
    await refused(ADD, { code: 'TABLE_NOT_COPYABLE', message: /table child points at it/ });
  });

  it('is refused where a table of the application has the name of the shadow', async () => {
    await database.run('CREATE TABLE t (k INT PRIMARY KEY)', 'CREATE TABLE `t~new` (k INT)');
    const copy = copyTable(database.options('t', ADD));
    await expect(copy).rejects.toMatchObject({ code: 'TABLE_NOT_COPYABLE' });
    expect(await database.leftovers()).toEqual(['t~new']);
  });

  it('is refused where the server does not understand the clauses', async () => {
    await database.run('CREATE TABLE t (k INT PRIMARY KEY)');
    await refused(['ADD COLUMN'], { code: 'DEFINITION_REFUSED', message: /error 1064/ });
  });

  it('is refused where the new definition drops the key by which rows are found', async () => {
    await database.run('CREATE TABLE t (k INT PRIMARY KEY, n INT NOT NULL, UNIQUE KEY (n))');
    await refused(['DROP COLUMN k', 'ADD PRIMARY KEY (n)'], {
      code: 'TABLE_NOT_COPYABLE',
      message: /no column for k/,
    });
  });

  it('names the unique key under which two rows that were there before are equal', async () => {
    await database.run(
      'CREATE TABLE t (k INT PRIMARY KEY, n INT)',
      'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 1)',
    );
    const message = /unique key by_n/;
    await refused(['ADD UNIQUE KEY by_n (n)'], { code: 'DUPLICATE_UNDER_NEW_KEY', message });
    expect(await database.rows('SELECT COUNT(*) AS n FROM t')).toEqual([{ n: 5 }]);
  });

  it('names the unique key under which an application makes two rows equal meanwhile', async () => {
    await database.run(
      'CREATE TABLE t (k INT PRIMARY KEY, n INT)',
      'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)',
    );
    const write = () => database.run('UPDATE t SET n = 1 WHERE k = 2');
    const expected = { code: 'DUPLICATE_UNDER_NEW_KEY', message: /unique key by_n/ };
    await refused(['ADD UNIQUE KEY by_n (n)'], expected, { 'chunk-committed': write });
    expect(await database.rows('SELECT n FROM t ORDER BY k')).toEqual(
      [1, 1, 3, 4, 5].map((n) => ({ n })),
    );
  });

  it('names keys that a new collation calls equal', async () => {
    await database.run(
      'CREATE TABLE t (k VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY)',
      "INSERT INTO t VALUES ('a'), ('A'), ('b')",
    );
    await refused(
      ['MODIFY k VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NOT NULL'],
      { code: 'DUPLICATE_UNDER_NEW_KEY', message: /unique key PRIMARY/ },
    );
  });

  it.each([
    ['NULL', 'MODIFY v VARCHAR(9) NOT NULL'],
    ['too long', 'MODIFY v VARCHAR(3) NULL'],
    ['no number', 'MODIFY v INT NULL'],
    ['against a CHECK', "ADD CONSTRAINT c CHECK (v <> 'text5')"],
  ])('is refused at a value that is %s, which stays as it is', async (_, clause) => {
    await database.run(
      'CREATE TABLE t (k INT PRIMARY KEY, v VARCHAR(9) NULL)',
      "INSERT INTO t VALUES (1, '1'), (2, '2'), (3, '3'), (4, NULL), (5, 'text5')",
    );
    await refused([clause], { code: 'ROW_DOES_NOT_FIT', message: /error \d+/ });
  });

  it.each([['chunk-committed'], ['before-lock']] as const)(
    'ends where the table is emptied by TRUNCATE at %s: rows that are gone do not come back',
    async (step) => {
      await database.run(
        'CREATE TABLE t (k INT PRIMARY KEY)',
        'INSERT INTO t VALUES (1), (2), (3), (4), (5)',
      );
      let truncated = false;
      const truncate = async () => {
        truncated = true;
        await database.run('TRUNCATE TABLE t', 'INSERT INTO t VALUES (9)');
      };
      const expected = { code: 'CHANGE_SOURCE_LOST', message: /TRUNCATE/ };
      await refused(ADD, expected, { [step]: truncate });
      expect(truncated).toBe(true);
      expect(await database.rows('SELECT k FROM t')).toEqual([{ k: 9 }]);
    },
  );

  it('ends where a partition is emptied', async () => {
    await database.run(
      'CREATE TABLE t (k INT PRIMARY KEY) PARTITION BY HASH (k) PARTITIONS 2',
      'INSERT INTO t VALUES (1), (2), (3), (4), (5)',
    );
    const expected = { code: 'CHANGE_SOURCE_LOST', message: /TRUNCATE/ };
    await refused(ADD, expected, {
      'before-lock': () => database.run('ALTER TABLE t TRUNCATE PARTITION p1'),
    });
    expect(await database.rows('SELECT COUNT(*) AS n FROM t')).toEqual([{ n: 2 }]);
  });

  it('ends where another session drops one of the triggers', async () => {
    await database.run('CREATE TABLE t (k INT PRIMARY KEY)', 'INSERT INTO t VALUES (1), (2), (3)');
    const expected = { code: 'CHANGE_SOURCE_LOST', message: /triggers/ };
    const during = { copied: () => database.run('DROP TRIGGER `t~upd`') };
    await refused(ADD, expected, during);
  });

  it('says which right or setting is missing where a user without SUPER may make no triggers', async () => {
    const strict = await startMysqlServer({
      name: 'no-trust',
      args: ['--log-bin', '--server-id=9', '--log-bin-trust-function-creators=0'],
    });
    const there = await CopiedTable.start(strict, 'nosuper');
    try {
      await there.run(
        'CREATE TABLE t (k INT PRIMARY KEY)',
        "CREATE USER plain@'%' IDENTIFIED BY 'p'",
        `GRANT ALL ON \`${there.database.name}\`.* TO plain@'%'`,
      );
      const url = `mysql://plain:p@${strict.host}:${strict.port}/${there.database.name}`;
      const options = { ...there.options('t', ADD), connect: () => createConnection(url) };
      await expect(copyTable(options)).rejects.toMatchObject({
        code: 'CHANGE_SOURCE_UNUSABLE',
        message: expect.stringContaining('log_bin_trust_function_creators') as string,
      });
      expect(await there.leftovers()).toEqual([]);
      await there.run('SET GLOBAL log_bin_trust_function_creators = 1');
      await copyTable(options);
      expect(await there.columns('t')).toEqual(['k', 'added']);
      expect(await there.leftovers()).toEqual([]);
    } finally {
      await there.stop();
      await strict.stop();
    }
  });
});
