import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

const THERE: readonly (readonly [string, string])[] = [
  ['a column of the same definition', 'ALTER TABLE account ADD COLUMN a INT NULL'],
  ['an index of the same columns', 'CREATE INDEX k ON account (a)'],
  ['a unique key of the same columns', 'ALTER TABLE account ADD UNIQUE INDEX u (s)'],
  ['a primary key of the same columns', 'ALTER TABLE account ADD PRIMARY KEY (id)'],
  [
    'a foreign key to the same table',
    'ALTER TABLE account ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id)',
  ],
  ['a check of the same condition', 'ALTER TABLE account ADD CONSTRAINT chk CHECK (a > 0)'],
  ['a column that is gone', 'ALTER TABLE account DROP COLUMN gone'],
  ['an index that is gone', 'DROP INDEX gone ON account'],
  ['a foreign key that is gone', 'ALTER TABLE account DROP FOREIGN KEY gone'],
  ['a column that has its new name', 'ALTER TABLE account RENAME COLUMN gone TO a'],
  ['a table of the same definition', 'CREATE TABLE parent (id INT NOT NULL, PRIMARY KEY (id))'],
  ['a table that is gone', 'DROP TABLE IF EXISTS gone'],
  ['a table that has its new name', 'RENAME TABLE gone TO parent'],
];

const OTHERWISE: readonly (readonly [string, string])[] = [
  ['a column of another type', 'ALTER TABLE account ADD COLUMN a BIGINT NULL'],
  ['an index of other columns', 'CREATE INDEX k ON account (a, s)'],
  ['a unique key in place of a plain one', 'CREATE UNIQUE INDEX k ON account (a)'],
  [
    'a foreign key with another action',
    'ALTER TABLE account ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE',
  ],
  ['a check of another condition', 'ALTER TABLE account ADD CONSTRAINT chk CHECK (a > 1)'],
  ['a table of another definition', 'CREATE TABLE parent (id BIGINT NOT NULL, PRIMARY KEY (id))'],
];

describe('a clause that comes late', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard(
      'late',
      0,
      'CREATE TABLE parent (id INT NOT NULL PRIMARY KEY)',
      `CREATE TABLE account (id INT PRIMARY KEY, a INT NULL, s VARCHAR(20), p INT, KEY k (a),
         UNIQUE KEY u (s), KEY k_p (p), CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id),
         CONSTRAINT chk CHECK (a > 0))`,
      'INSERT INTO parent VALUES (1)',
      "INSERT INTO account VALUES (1, 1, 's', 1)",
    );
  });
  afterAll(() => shard.close());

  it.each(THERE)('has nothing to do where there is %s', async (_what, sql) => {
    const plan = await planned(shard, sql);
    expect(plan.refusals).toEqual([]);
    expect(plan.steps.map((step) => [step.path, step.sql])).toEqual([['already-there', '']]);
  });

  it.each(OTHERWISE)('is refused where there is %s', async (_what, sql) => {
    const plan = await planned(shard, sql);
    expect(plan.refusals.map((refusal) => refusal.rule)).toEqual(['DIFFERENT_DEFINITION']);
    expect(plan.refusals[0]?.remedy).toContain('SHOW CREATE TABLE');
  });
});

describe('a view that the shard has, or has not', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard('views', 0, 'CREATE TABLE account (id INT PRIMARY KEY, a INT)');
  });
  afterAll(() => shard.close());

  const views = async () => {
    const [rows] = await shard.connection.query(
      'SELECT TABLE_NAME AS name FROM information_schema.VIEWS WHERE TABLE_SCHEMA = DATABASE()',
    );
    return (rows as { name: string }[]).map(({ name }) => name);
  };

  it('is made again where an earlier statement drops it', async () => {
    await shard.run('CREATE OR REPLACE VIEW v AS SELECT id FROM account');
    await carryOut(shard, await planned(shard, ['DROP VIEW v', 'CREATE VIEW v AS SELECT 1 AS x']));
    const [rows] = await shard.connection.query('SELECT x FROM v');
    expect(rows).toEqual([{ x: 1 }]);
  });

  it('is dropped where an earlier statement makes or replaces it', async () => {
    await shard.run('DROP VIEW IF EXISTS v');
    const made = await planned(shard, ['CREATE VIEW v AS SELECT 1 AS x', 'DROP VIEW v']);
    await carryOut(shard, made);
    expect(await views()).toEqual([]);
    const sql = ['CREATE OR REPLACE VIEW v AS SELECT 1 AS x', 'DROP VIEW v'];
    await carryOut(shard, await planned(shard, sql));
    expect(await views()).toEqual([]);
  });
});
