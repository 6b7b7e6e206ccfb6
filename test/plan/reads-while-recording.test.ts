import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSource } from 'typeorm';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

/** One column of each type that both servers have, and a value of it. */
const TYPES: readonly (readonly [type: string, value: string])[] = [
  ['TINYINT', '-1'],
  ['TINYINT(1)', '1'],
  ['SMALLINT UNSIGNED', '65535'],
  ['MEDIUMINT', '1'],
  ['INT', '-2147483648'],
  ['INT UNSIGNED ZEROFILL', '5'],
  ['BIGINT', '9007199254740993'],
  ['BIGINT', '7'],
  ['BIGINT UNSIGNED', '18446744073709551615'],
  ['DECIMAL(30,10)', '12345678901234567890.5'],
  ['FLOAT', '1.5'],
  ['DOUBLE', '0.1'],
  ['BIT(1)', "b'1'"],
  ['BIT(64)', "b'101'"],
  ['YEAR', '2024'],
  ['DATE', "'2024-02-29'"],
  ['TIME(3)', "'-11:22:33.444'"],
  ['DATETIME(6)', "'2024-02-29 11:22:33.123456'"],
  ['TIMESTAMP(3) NULL', "'2024-02-29 11:22:33.123'"],
  ['CHAR(5)', "'a'"],
  ['VARCHAR(20)', "'Grüße'"],
  ['VARCHAR(20) CHARACTER SET latin1', "'Grüße'"],
  ['TEXT', "'text'"],
  ['LONGTEXT', "'text'"],
  ['BINARY(4)', "'ab'"],
  ['VARBINARY(20)', "'ab'"],
  ['BLOB', "x'00ff'"],
  ["ENUM('a','b')", "'b'"],
  ["SET('a','b')", "'a,b'"],
  ['JSON', `'{"id": 9007199254740993, "a": [1, "x", null, true]}'`],
  ['POINT', 'ST_GeomFromText("POINT(1 2)")'],
  ['INT', 'NULL'],
];

const QUERIES = [
  'SELECT * FROM every_type',
  'SELECT COUNT(*) AS n, SUM(c0) AS s, MAX(c6) AS m, AVG(c4) AS a, COUNT(*) > 0 AS b FROM every_type',
  'SELECT c15 + INTERVAL 1 DAY AS d, c6 = 1 AS e, CONCAT(c7) AS t FROM every_type',
  "SELECT TABLE_NAME, ORDINAL_POSITION, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION FROM information_schema.COLUMNS WHERE TABLE_NAME = 'every_type' AND TABLE_SCHEMA = DATABASE() ORDER BY ORDINAL_POSITION",
  'SELECT 1 AS one, 9007199254740993 AS big, NOW() > 0 AS b',
] as const;

/** Values with the names of their classes: a Date and its text are not the same answer. */
function typed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(typed);
  if (value instanceof Date) return ['Date', value.getTime()];
  if (Buffer.isBuffer(value)) return ['Buffer', value.toString('hex')];
  if (typeof value !== 'object' || value === null) return [typeof value, String(value)];
  return Object.entries(value).map(([name, each]) => [name, typed(each)]);
}

describe('what a migration reads while it is recorded', () => {
  let shard: PlanningShard;
  let plain: DataSource;
  beforeAll(async () => {
    const columns = TYPES.map(([type], i) => `c${i} ${type}`).join(', ');
    const values = TYPES.map(([, value]) => value).join(', ');
    shard = await planningShard(
      'reads',
      0,
      `CREATE TABLE every_type (${columns})`,
      `INSERT INTO every_type VALUES (${values})`,
      'CREATE TABLE account (id BIGINT PRIMARY KEY, name VARCHAR(20), plan VARCHAR(20))',
      `INSERT INTO account VALUES (9007199254740992, 'one', 'free'), (9007199254740993, 'two', 'free')`,
    );
    const { host, port, user: username, password } = shard.database.server;
    const type = shard.engine;
    const database = shard.database.name;
    plain = await new DataSource({ type, host, port, username, password, database }).initialize();
  });
  afterAll(async () => {
    await plain.destroy();
    await shard.close();
  });

  it.each(QUERIES)('has the types and values that TypeORM gives: %s', async (sql) => {
    let recorded: unknown;
    const plan = await planned(shard, async (q) => {
      recorded = await q.query(sql);
    });
    expect(plan.refusals).toEqual([]);
    expect(typed(recorded)).toEqual(typed(await plain.query(sql)));
  });

  it('takes the branch that it takes under TypeORM, where it counts rows', async () => {
    const plan = await planned(shard, async (q) => {
      const [{ n }] = (await q.query('SELECT COUNT(*) AS n FROM account')) as [{ n: unknown }];
      await q.query(`ALTER TABLE account ADD COLUMN counted_as_${typeof n} INT`);
    });
    const [{ n }] = await plain.query<[{ n: unknown }]>('SELECT COUNT(*) AS n FROM account');
    expect(plan.steps[0]?.clause).toBe(`ADD COLUMN counted_as_${typeof n} INT`);
  });

  it('leads to the same row where its id is above 2^53', async () => {
    const plan = await planned(shard, async (q) => {
      const sql = "SELECT id FROM account WHERE name = 'two'";
      const [{ id }] = (await q.query(sql)) as [{ id: string }];
      await q.query("UPDATE account SET plan = 'paid' WHERE id = ?", [id]);
    });
    await carryOut(shard, plan);
    const rows = await plain.query<{ name: string; plan: string }[]>(
      'SELECT name, plan FROM account ORDER BY id',
    );
    expect(rows).toEqual([
      { name: 'one', plan: 'free' },
      { name: 'two', plan: 'paid' },
    ]);
  });

  it('is asked with values bound as TypeORM binds them', async () => {
    const sql = 'SELECT ? AS a, ? AS b, ? AS c, ? AS d FROM account LIMIT 1';
    const values = [{ name: 'one' }, true, new Date(0), undefined];
    let recorded: unknown;
    await planned(shard, async (q) => {
      recorded = await q.query(sql, values);
    });
    expect(typed(recorded)).toEqual(typed(await plain.query(sql, values)));
  });
});
