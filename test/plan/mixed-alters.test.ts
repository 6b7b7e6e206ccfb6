import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

const STRICT = { policy: { smallTableRows: 0 } };

describe('an ALTER of several clauses', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('mixed');
  });
  beforeEach(() =>
    shard.run(
      'DROP TABLE IF EXISTS account',
      `CREATE TABLE account (id INT PRIMARY KEY, a INT, b INT, s VARCHAR(20), KEY k (b), UNIQUE KEY u (s))`,
      "INSERT INTO account VALUES (1, 1, 1, 's')",
    ),
  );
  afterAll(() => shard.close());

  it('is split where each clause then takes a cheaper way', async () => {
    const plan = await planned(
      shard,
      'ALTER TABLE account ADD COLUMN x INT, ADD INDEX k_x (x)',
      STRICT,
    );
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map((step) => step.path)).toEqual(['instant', 'inplace']);
    await carryOut(shard, plan);
  });

  it('stays whole where nothing is gained', async () => {
    const plan = await planned(
      shard,
      'ALTER TABLE account ADD INDEX i (a), ADD INDEX j (a, b)',
      STRICT,
    );
    expect(plan.steps.map((step) => step.clause)).toEqual(['ADD INDEX i (a), ADD INDEX j (a, b)']);
  });

  it('has its instant adds and drops in one statement, for one row version', async () => {
    const sql =
      'ALTER TABLE account ADD COLUMN x INT, ADD COLUMN y INT, DROP COLUMN a, ADD INDEX k_x (x)';
    const plan = await planned(shard, sql, { ...STRICT, allow: ['drop-column:account.a'] });
    expect(plan.steps.map((step) => step.clause)).toEqual([
      'ADD COLUMN x INT, ADD COLUMN y INT, DROP COLUMN a',
      'ADD INDEX k_x (x)',
    ]);
    await carryOut(shard, plan);
  });

  it('keeps a unique key that is dropped and made again in one statement', async () => {
    const sql = 'ALTER TABLE account DROP INDEX u, ADD COLUMN x INT, ADD UNIQUE INDEX u (s, x)';
    const plan = await planned(shard, sql, STRICT);
    const keyed = plan.steps.filter((step) => step.clause.includes('INDEX u'));
    expect(keyed.map((step) => step.clause)).toEqual(
      plan.steps.length === 1
        ? [plan.steps[0]!.clause]
        : ['DROP INDEX u, ADD UNIQUE INDEX u (s, x)'],
    );
    await carryOut(shard, plan);
  });

  it('leaves out what the shard has already', async () => {
    await shard.run('ALTER TABLE account ADD COLUMN x INT');
    const plan = await planned(
      shard,
      'ALTER TABLE account ADD COLUMN x INT, ADD COLUMN y INT',
      STRICT,
    );
    expect(plan.steps.map((step) => [step.clause, step.path])).toEqual([
      ['ADD COLUMN x INT', 'already-there'],
      ['ADD COLUMN y INT', 'instant'],
    ]);
  });

  it('says ALGORITHM in every statement, and LOCK=NONE beside one that works in place', async () => {
    const plan = await planned(
      shard,
      [
        'ALTER TABLE account ADD COLUMN x INT, ADD INDEX k_x (x), ALGORITHM=COPY',
        'CREATE INDEX k_a ON account (a)',
        'DROP INDEX k ON account',
      ],
      STRICT,
    );
    for (const { sql, path } of plan.steps) {
      expect(sql).toMatch(
        path === 'instant' ? /ALGORITHM=INSTANT$/ : /ALGORITHM=(INPLACE|NOCOPY), LOCK=NONE$/,
      );
    }
    expect(plan.steps).toHaveLength(4);
    await carryOut(shard, plan);
  });
});
