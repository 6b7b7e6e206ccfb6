import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

const ROWS = 10_000;

describe('a migration that seeds a table with 10,000 rows in one statement', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard(
      'seeds',
      0,
      'CREATE TABLE country (id INT PRIMARY KEY, name VARCHAR(20))',
    );
  });
  afterAll(() => shard.close());

  it('is planned in a second of CPU, and carried out', async () => {
    const values = Array.from({ length: ROWS }, (_, i) => `(${i}, 'it''s ${i}')`).join(', ');
    const begin = process.cpuUsage().user;
    const plan = await planned(shard, `INSERT INTO country VALUES ${values}`);
    expect(process.cpuUsage().user - begin).toBeLessThan(1_000_000);
    expect(plan.refusals).toEqual([]);
    await carryOut(shard, plan);
    const [rows] = await shard.connection.query('SELECT COUNT(*) AS n FROM country');
    expect(rows).toEqual([{ n: ROWS }]);
  });
});

describe('a migration with conditions by the thousand', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard(
      'conditions',
      0,
      'CREATE TABLE country (id INT PRIMARY KEY, name VARCHAR(20))',
      "INSERT INTO country VALUES (1, 'a'), (2, 'b')",
    );
  });
  afterAll(() => shard.close());

  const ors = (column: string, count: number) =>
    Array.from({ length: count }, (_, i) => `(${column} = ${i} OR ${column} = ${i}.5)`).join(
      ' OR ',
    );

  it('is planned in two seconds of CPU, and carried out', async () => {
    const begin = process.cpuUsage().user;
    const plan = await planned(shard, [
      `UPDATE country SET name = 'x' WHERE ${ors('id', 2000)}`,
      `ALTER TABLE country ADD CONSTRAINT known CHECK (${ors('id', 200)})`,
    ]);
    expect(process.cpuUsage().user - begin).toBeLessThan(2_000_000);
    expect(plan.refusals).toEqual([]);
    await carryOut(shard, plan);
    const [rows] = await shard.connection.query('SELECT id, name FROM country');
    const changed = [1, 2].map((id) => ({ id, name: 'x' }));
    expect(rows).toEqual(changed);
    await expect(shard.run("INSERT INTO country VALUES (9999, 'y')")).rejects.toThrow(/known/);
  });

  it('counts the rows that the conditions find, and no others', async () => {
    const policy = { dataRows: 1 };
    const sql = `UPDATE country SET name = 'x' WHERE id <> 2 AND (${ors('id', 2000)})`;
    expect((await planned(shard, sql, { policy })).refusals).toEqual([]);
    const both = `UPDATE country SET name = 'x' WHERE ${ors('id', 2000)}`;
    const refused = await planned(shard, both, { policy });
    expect(refused.refusals.map(({ rule }) => rule)).toEqual(['DATA_TOO_LARGE']);
  });

  it('is told apart by its words, whatever comments stand before them', async () => {
    const seen: unknown[] = [];
    const plan = await planned(shard, async (q) => {
      seen.push((await q.query('/* which tables? */ SHOW TABLES')).length);
      seen.push(await q.query('-- rows\n# of countries\nSELECT id FROM country WHERE id = 1'));
      await q.query("/* seed */ INSERT INTO country VALUES (3, 'c')");
    });
    expect(seen).toEqual([1, [{ id: 1 }]]);
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map(({ path }) => path)).toEqual(['data']);
  });
});
