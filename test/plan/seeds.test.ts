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

  it('is planned in two seconds of CPU, and carried out', async () => {
    const values = Array.from({ length: ROWS }, (_, i) => `(${i}, 'it''s ${i}')`).join(', ');
    const begin = process.cpuUsage().user;
    const plan = await planned(shard, `INSERT INTO country VALUES ${values}`);
    expect(process.cpuUsage().user - begin).toBeLessThan(2_000_000);
    expect(plan.refusals).toEqual([]);
    await carryOut(shard, plan);
    const [rows] = await shard.connection.query('SELECT COUNT(*) AS n FROM country');
    expect(rows).toEqual([{ n: ROWS }]);
  });
});
