import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EntitySchema } from 'typeorm';
import { planned, planningShard, type PlanningShard } from './planning-shard.ts';

interface Danger {
  readonly what: string;
  readonly sql: string;
  readonly rule: string;
  readonly flag?: string;
}

const BY_NAME: readonly Danger[] = [
  {
    what: 'dropping a column',
    sql: 'ALTER TABLE account DROP COLUMN legacy',
    rule: 'DROP_COLUMN',
    flag: 'drop-column:account.legacy',
  },
  {
    what: 'dropping a column that an entity uses',
    sql: 'ALTER TABLE account DROP COLUMN email',
    rule: 'DROP_COLUMN_IN_USE',
    flag: 'drop-used-column:account.email',
  },
  { what: 'dropping a table', sql: 'DROP TABLE old', rule: 'DROP_TABLE', flag: 'drop-table:old' },
  {
    what: 'dropping a table that an entity uses',
    sql: 'DROP TABLE account',
    rule: 'DROP_TABLE_IN_USE',
    flag: 'drop-used-table:account',
  },
  {
    what: 'renaming a column',
    sql: 'ALTER TABLE account RENAME COLUMN email TO mail',
    rule: 'RENAME_COLUMN',
    flag: 'rename-column:account.email',
  },
  {
    what: 'renaming a table',
    sql: 'RENAME TABLE old TO older',
    rule: 'RENAME_TABLE',
    flag: 'rename-table:old',
  },
  {
    what: 'emptying a table',
    sql: 'TRUNCATE TABLE old',
    rule: 'TRUNCATE',
    flag: 'truncate:old',
  },
  {
    what: 'reordering an ENUM',
    sql: "ALTER TABLE account MODIFY state ENUM('b', 'a') NOT NULL",
    rule: 'ENUM_REORDER',
    flag: 'reorder-enum:account.state',
  },
  {
    what: 'a type that keeps no meaning',
    sql: 'ALTER TABLE account MODIFY email INT NULL',
    rule: 'TYPE_CHANGE',
    flag: 'change-type:account.email',
  },
];

const BY_ROWS: readonly Danger[] = [
  {
    what: 'a unique key over values that are there twice',
    sql: 'ALTER TABLE account ADD UNIQUE INDEX u (code)',
    rule: 'DUPLICATES_PRESENT',
  },
  {
    what: 'NOT NULL where there are NULLs',
    sql: 'ALTER TABLE account MODIFY maybe INT NOT NULL',
    rule: 'NULLS_PRESENT',
  },
  {
    what: 'a VARCHAR too short for its values',
    sql: 'ALTER TABLE account MODIFY email VARCHAR(5) NULL',
    rule: 'NARROWING',
  },
  {
    what: 'a TEXT type too short in bytes',
    sql: 'ALTER TABLE account MODIFY body TINYTEXT NULL',
    rule: 'NARROWING',
  },
  {
    what: 'an integer type too small for its values',
    sql: 'ALTER TABLE account MODIFY n TINYINT NOT NULL',
    rule: 'NARROWING',
  },
  {
    what: 'an unsigned type where values are negative',
    sql: 'ALTER TABLE account MODIFY n INT UNSIGNED NOT NULL',
    rule: 'NARROWING',
  },
  {
    what: 'fewer decimals than values have',
    sql: 'ALTER TABLE account MODIFY price DECIMAL(10, 1) NOT NULL',
    rule: 'NARROWING',
  },
  {
    what: 'fewer fractions of a second than values have',
    sql: 'ALTER TABLE account MODIFY at DATETIME NOT NULL',
    rule: 'NARROWING',
  },
  {
    what: 'a collation under which two unique values are one',
    sql: 'ALTER TABLE account MODIFY name VARCHAR(20) COLLATE utf8mb4_general_ci NOT NULL',
    rule: 'DUPLICATES_PRESENT',
  },
];

const account = new EntitySchema<{ id: number; email: string }>({
  name: 'account',
  columns: { id: { type: Number, primary: true }, email: { type: String } },
});

describe('a dangerous change', () => {
  let shard: PlanningShard;
  beforeAll(async () => {
    shard = await planningShard(
      'danger',
      0,
      'CREATE TABLE old (id INT PRIMARY KEY)',
      `CREATE TABLE account (id INT PRIMARY KEY, email VARCHAR(20) NULL, legacy INT, code INT,
         state ENUM('a', 'b') NOT NULL, maybe INT NULL, n INT NOT NULL, body TEXT NULL,
         price DECIMAL(10, 2) NOT NULL, at DATETIME(3) NOT NULL,
         name VARCHAR(20) COLLATE utf8mb4_bin NOT NULL, UNIQUE KEY k_name (name))`,
      `INSERT INTO account VALUES
         (1, '123456', 1, 7, 'a', NULL, -300, REPEAT('é', 200), 1.25, '2026-01-01 00:00:00.125', 'A'),
         (2, NULL, 1, 7, 'b', 1, 2, NULL, 1.00, '2026-01-01', 'a')`,
    );
  });
  afterAll(() => shard.close());

  it.each(BY_NAME)('is refused by name: $what', async ({ sql, rule, flag }) => {
    const plan = await planned(shard, sql, { entities: [account] });
    expect(plan.refusals.map((refusal) => [refusal.rule, refusal.flag])).toEqual([[rule, flag]]);
  });

  it.each(BY_NAME)('is planned once it is allowed by name: $what', async ({ sql, flag }) => {
    const plan = await planned(shard, sql, { entities: [account], allow: [flag!] });
    expect(plan.refusals).toEqual([]);
    expect(plan.steps).toHaveLength(1);
  });

  it('is not let through by the name of another column', async () => {
    const plan = await planned(shard, 'ALTER TABLE account DROP COLUMN legacy', {
      allow: ['drop-column:account.code', 'drop-column:legacy', 'drop-column'],
    });
    expect(plan.refusals.map((refusal) => refusal.rule)).toEqual(['DROP_COLUMN']);
  });

  it.each(BY_ROWS)('is refused by the rows of the shard: $what', async ({ sql, rule }) => {
    const plan = await planned(shard, sql);
    expect(plan.refusals.map((refusal) => refusal.rule)).toEqual([rule]);
    expect(plan.refusals[0]?.flag).toBeUndefined();
  });

  it.each([
    'ALTER TABLE account MODIFY email VARCHAR(6) NULL',
    'ALTER TABLE account MODIFY n SMALLINT NOT NULL',
    'ALTER TABLE account MODIFY price DECIMAL(5, 2) NOT NULL',
    "ALTER TABLE account MODIFY state ENUM('a', 'b', 'c') NOT NULL",
    'ALTER TABLE account ADD UNIQUE INDEX u (n)',
  ])('is none where the rows fit: %s', async (sql) => {
    const plan = await planned(shard, sql);
    expect(plan.refusals).toEqual([]);
  });

  it('is one on the shard whose rows break it, and none on its sibling', async () => {
    const sibling = await planningShard(
      'sibling',
      1,
      'CREATE TABLE account (id INT PRIMARY KEY, code INT)',
    );
    await sibling.run('INSERT INTO account VALUES (1, 7), (2, 8)');
    const sql = 'ALTER TABLE account ADD UNIQUE INDEX u (code)';
    const plans = [await planned(shard, sql), await planned(sibling, sql)];
    await sibling.close();
    expect(plans.map((plan) => plan.refusals.map((refusal) => refusal.rule))).toEqual([
      ['DUPLICATES_PRESENT'],
      [],
    ]);
  });
});
