import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

const ADD = 'ALTER TABLE old ADD COLUMN n INT NULL';
const COPY = 'ALTER TABLE old ADD CONSTRAINT c_old CHECK (id > 0)';

describe('a server that refuses zero dates', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard(
      'zero',
      0,
      "SET SESSION sql_mode = ''",
      "CREATE TABLE old (id INT PRIMARY KEY, born DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00')",
      'CREATE TABLE dated (id INT PRIMARY KEY, born DATETIME NOT NULL)',
      'INSERT INTO old (id) VALUES (1)',
      'INSERT INTO dated VALUES (1, 0)',
      "SET SESSION sql_mode = 'NO_ZERO_DATE,NO_ZERO_IN_DATE'",
    );
  });
  afterAll(() => shard.close());

  it('says beforehand that it does not copy them, and by which name they are allowed', async () => {
    const plan = await planned(shard, COPY.replaceAll('old', 'dated'));
    expect(plan.refusals).toMatchObject([{ rule: 'ZERO_DATES', flag: 'zero-dates:dated' }]);
  });

  it.each([
    ['old', ADD],
    ['old', COPY],
    ['dated', COPY.replaceAll('old', 'dated')],
  ])('takes those of %s once they are allowed by name: %s', async (table, sql) => {
    const plan = await planned(shard, sql, { allow: [`zero-dates:${table}`] });
    expect(plan.refusals).toEqual([]);
    expect(plan.steps[0]?.session['sql_mode']).not.toMatch(/ZERO|TRADITIONAL/);
    await carryOut(shard, plan);
    await shard.run("SET SESSION sql_mode = 'NO_ZERO_DATE,NO_ZERO_IN_DATE'");
  });

  it('is told to take no others while it plans: the mode of the session stays', async () => {
    await planned(shard, 'ALTER TABLE dated ADD COLUMN m INT NULL', { allow: ['zero-dates:old'] });
    const [rows] = await shard.connection.query('SELECT @@SESSION.sql_mode AS mode');
    expect(rows).toEqual([{ mode: 'NO_ZERO_IN_DATE,NO_ZERO_DATE' }]);
  });
});
