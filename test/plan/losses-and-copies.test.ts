import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planned, planningShard, type PlanningShard } from './planning-shard.ts';

describe('a plan', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('probe');
  });
  afterAll(() => shard.close());

  it.each([
    ['DATETIME', 'TIME'],
    ['TIMESTAMP', 'TIME'],
    ['DATE', 'TIME'],
    ['TIME', 'DATE'],
    ['TIME', 'DATETIME'],
    ['DOUBLE', 'FLOAT'],
  ])('%s to %s is refused: values are lost', async (from, to) => {
    await shard.run(
      'DROP TABLE IF EXISTS t',
      `CREATE TABLE t (id INT PRIMARY KEY, v ${from} NULL)`,
    );
    const plan = await planned(shard, `ALTER TABLE t MODIFY v ${to} NULL`);
    expect(plan.refusals.map(({ rule }) => rule)).toEqual(['TYPE_CHANGE']);
  });

  it('another engine is a copy under a lock, whatever the server says', async () => {
    await shard.run(
      'DROP TABLE IF EXISTS t',
      'CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v CHAR(200)) ENGINE=InnoDB',
      "INSERT INTO t (v) VALUES ('a')",
    );
    for (let i = 0; i < 18; i++) await shard.run('INSERT INTO t (v) SELECT v FROM t');
    const sql = 'ALTER TABLE t ENGINE=MyISAM';
    const plan = await planned(shard, sql);
    expect(plan.refusals.map(({ rule }) => rule)).toEqual(['NEEDS_COPY']);
  });

  it('copies a table with a named CHECK where the copy keeps its name, on MariaDB alone', async () => {
    await shard.run(
      'DROP TABLE IF EXISTS t',
      'CREATE TABLE t (id INT PRIMARY KEY, v INT NOT NULL, CONSTRAINT v_small CHECK (v < 9))',
    );
    const policy = { native: false };
    const plan = await planned(shard, 'ALTER TABLE t MODIFY v BIGINT NOT NULL', { policy });
    const found = [...plan.steps.map(({ path }) => path), ...plan.refusals.map(({ rule }) => rule)];
    expect(found).toEqual([shard.engine === 'mysql' ? 'NEEDS_COPY' : 'shadow-copy']);
  });

  it('refuses the copy of a column that is dropped while another one gets its name', async () => {
    await shard.run(
      'DROP TABLE IF EXISTS t',
      'CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL, b INT NOT NULL)',
    );
    const plan = await planned(shard, 'ALTER TABLE t DROP COLUMN b, CHANGE a b BIGINT NOT NULL', {
      policy: { native: false },
      allow: ['drop-column:t.b', 'rename-column:t.a'],
    });
    expect(plan.refusals.map(({ rule, reason }) => `${rule}: ${reason}`)).toEqual([
      expect.stringContaining('NEEDS_COPY: native changes are off, and no shadow copy: column b'),
    ]);
  });

  it('calls the way from an engine without transactions a copy under a lock', async () => {
    await shard.run('DROP TABLE IF EXISTS t', 'CREATE TABLE t (id INT PRIMARY KEY) ENGINE=MyISAM');
    const { steps } = await planned(shard, 'ALTER TABLE t ENGINE=InnoDB');
    expect(steps.map(({ path, lock }) => [path, lock])).toEqual([['copy', 'shared']]);
  });

  it.each([
    'BEGIN; DELETE FROM t; COMMIT',
    'START TRANSACTION; DELETE FROM t; COMMIT;',
    'COMMIT; DELETE FROM t',
    'CREATE TEMPORARY TABLE x (id INT)',
    'DROP TEMPORARY TABLE x',
    'DROP VIEW a, b',
    'CREATE TRIGGER other.x BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1',
    'CREATE PROCEDURE other.x() SELECT 1',
    'CREATE PROCEDURE `other` . `x`() SELECT 1',
    'DROP PROCEDURE other.x',
    'DROP TRIGGER other.x',
    'DROP FUNCTION IF EXISTS `other`.`x`',
    'UPDATE old SET v = v + 1',
    'INSERT INTO old (id, v) VALUES (1, 1)',
  ])('%s is refused', async (sql) => {
    await shard.run(
      'DROP TABLE IF EXISTS t, old',
      'CREATE TABLE t (id INT PRIMARY KEY, v INT NULL)',
      'CREATE TABLE old (id INT PRIMARY KEY, v INT NULL) ENGINE=MyISAM',
    );
    const plan = await planned(shard, sql);

    expect(plan.refusals).toHaveLength(1);
  });
});
