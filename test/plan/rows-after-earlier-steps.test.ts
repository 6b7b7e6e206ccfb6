import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { planned, planningShard, type PlanningShard } from './planning-shard.ts';

describe('rows that the migration itself changes', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('earlier', 0);
  });
  afterAll(() => shard.close());
  beforeEach(() =>
    shard.run(
      'DROP TABLE IF EXISTS t, archive',
      'CREATE TABLE t (id INT PRIMARY KEY, a INT NULL, u VARCHAR(10) NULL, UNIQUE KEY k (u))',
      'CREATE TABLE archive LIKE t',
      'INSERT INTO t VALUES (1, NULL, NULL), (2, 7, NULL), (3, 7, NULL)',
    ),
  );

  it('two NULLs in a unique column are no duplicates', async () => {
    const plan = await planned(shard, 'ALTER TABLE t MODIFY u VARCHAR(20) NULL');
    expect(plan.refusals).toEqual([]);
  });

  it.each([
    ['ALTER TABLE t MODIFY a INT NOT NULL', 'a is NULL in some rows'],
    ['ALTER TABLE t ADD UNIQUE INDEX k_a (a)', 'several rows have the same a'],
    ['ALTER TABLE t MODIFY a TINYINT NULL', 'some values of a do not fit the new type'],
  ])('are looked at just before the step that needs it: %s', async (sql, failure) => {
    const plan = await planned(shard, ['UPDATE t SET a = id WHERE id > 0', sql]);
    expect(plan.refusals).toEqual([]);
    const [update, alter] = plan.steps;
    expect(update?.checks).toEqual([]);
    expect(alter?.checks).toContainEqual(expect.objectContaining({ when: 'before', failure }));
  });

  it('give a column that the migration adds and fills, which may then be NOT NULL', async () => {
    const plan = await planned(shard, [
      'ALTER TABLE t ADD b INT NULL',
      'UPDATE t SET b = id',
      'ALTER TABLE t MODIFY b INT NOT NULL',
    ]);
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.at(-1)?.checks.map(({ failure }) => failure)).toContain(
      'b is NULL in some rows',
    );
  });

  it.each([
    'UPDATE t SET a = 1 WHERE id = 2',
    'DELETE FROM t WHERE id = 2',
    'DELETE t FROM t JOIN archive ON archive.id = t.id',
    'UPDATE t JOIN archive ON archive.id = t.id SET t.a = 1',
    'INSERT INTO archive SELECT * FROM t WHERE id < 3',
  ])('count where a statement touches them, not where it only could: %s', async (sql) => {
    const plan = await planned(shard, sql, { policy: { dataRows: 2 } });
    expect(plan.refusals).toEqual([]);
  });

  it.each([
    'UPDATE t SET a = 1',
    'UPDATE t SET a = 1 WHERE id > 0 ORDER BY id',
    'DELETE FROM t',
    'DELETE FROM t WHERE id > 0',
    'UPDATE t x JOIN t y ON x.id = y.id SET x.a = 1',
    'INSERT INTO archive SELECT * FROM t',
  ])('are too many where it touches more than the policy says: %s', async (sql) => {
    const plan = await planned(shard, sql, { policy: { dataRows: 2 } });
    expect(plan.refusals.map(({ rule }) => rule)).toEqual(['DATA_TOO_LARGE']);
  });

  it('are counted with the parameters of the condition', async () => {
    const touching = async (least: number) => {
      const plan = await planned(
        shard,
        (queryRunner) =>
          queryRunner.query('UPDATE t SET a = ?, u = ? WHERE id > ?', [1, null, least]),
        { policy: { dataRows: 2 } },
      );
      return plan.refusals.map(({ rule }) => rule);
    };
    expect(await touching(1)).toEqual([]);
    expect(await touching(0)).toEqual(['DATA_TOO_LARGE']);
  });
});
