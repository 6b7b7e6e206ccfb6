import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

/** The limit of MySQL 9.1 and newer. */
const LIMIT = 255;

describe('a table that was changed instantly many times', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('versions', 0, 'CREATE TABLE account (id INT PRIMARY KEY)');
    await shard.run('INSERT INTO account VALUES (1)');
    for (let i = 0; i < LIMIT - 1; i += 1) {
      await shard.run(`ALTER TABLE account ADD COLUMN c${i} INT, ALGORITHM=INSTANT`);
    }
  });
  afterAll(() => shard.close());

  it('takes one more change instantly while a row version is left', async () => {
    const plan = await planned(shard, 'ALTER TABLE account ADD COLUMN x INT, ADD COLUMN y INT');
    expect(plan.steps.map((step) => step.path)).toEqual(['instant']);
  });

  it('is rewritten in place where two are needed and one is left; MariaDB has no limit', async () => {
    const sql = ['ALTER TABLE account ADD COLUMN x INT', 'ALTER TABLE account ADD COLUMN y INT'];
    const plan = await planned(shard, sql);
    const way = shard.engine === 'mysql' ? 'rebuild' : 'instant';
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map((step) => step.path)).toEqual([way, way]);
  });

  it('takes indexes and virtual columns at the limit, which need no row version', async () => {
    await shard.run('ALTER TABLE account ADD COLUMN last_one INT, ALGORITHM=INSTANT');
    const plan = await planned(
      shard,
      [
        'CREATE INDEX k ON account (c0)',
        'ALTER TABLE account ADD COLUMN v INT AS (c0 + 1) VIRTUAL',
        'ALTER TABLE account RENAME COLUMN c1 TO d1',
      ],
      { allow: ['rename-column:account.c1'] },
    );
    expect(plan.steps.map((step) => step.path)).toEqual(['inplace', 'instant', 'instant']);
    await carryOut(shard, plan);
  });
});
