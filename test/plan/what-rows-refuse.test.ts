import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { carryOut, planned, planningShard, type PlanningShard } from './planning-shard.ts';

const TABLE = `CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(50) NOT NULL, bytes VARBINARY(20) NULL,
  until_at DATETIME(3) NULL, tags SET('a', 'b') NULL, n INT NULL, ratio DOUBLE NULL,
  code VARCHAR(20) COLLATE utf8mb4_bin NULL, UNIQUE KEY k_code (code)) DEFAULT CHARSET utf8mb4`;
const PARENT = 'CREATE TABLE parent (id INT PRIMARY KEY)';
const ROWS = [
  "INSERT INTO t VALUES (1, '你好', x'ff', '2045-01-01', 'a,b', -7, 1e10, NULL)",
  "INSERT INTO t VALUES (2, 'abcd  ', x'61', NULL, 'a', 5, 1.5, 'A')",
  "INSERT INTO t VALUES (3, 'abce', NULL, NULL, NULL, 300, NULL, 'a')",
  "INSERT INTO t VALUES (4, 'x', NULL, NULL, NULL, NULL, NULL, NULL)",
  'INSERT INTO parent VALUES (1)',
];

/** What it is, what is sent, the rule, and what is allowed by name. */
type Refused = [what: string, sql: string | readonly string[], rule: string, flag?: string];
const REFUSED: Refused[] = [
  [
    'a character set without some characters',
    'ALTER TABLE t MODIFY name VARCHAR(50) CHARACTER SET latin1 NOT NULL',
    'NARROWING',
  ],
  [
    'the whole table in such a character set',
    'ALTER TABLE t CONVERT TO CHARACTER SET latin1 COLLATE latin1_bin',
    'NARROWING',
  ],
  [
    'bytes that are no text',
    'ALTER TABLE t MODIFY bytes VARCHAR(20) CHARACTER SET utf8mb4 NULL',
    'NARROWING',
  ],
  ['a moment after 2038', 'ALTER TABLE t MODIFY until_at TIMESTAMP(3) NULL', 'NARROWING'],
  ['spaces that a CHAR loses', 'ALTER TABLE t MODIFY name CHAR(50) NOT NULL', 'NARROWING'],
  [
    'a number that a DOUBLE had',
    'ALTER TABLE t MODIFY ratio INT NULL',
    'NARROWING',
    'change-type:t.ratio',
  ],
  [
    'a text that is no number',
    'ALTER TABLE t MODIFY code INT NULL',
    'NARROWING',
    'change-type:t.code',
  ],
  [
    'a text that is no date',
    'ALTER TABLE t MODIFY code DATE NULL',
    'NARROWING',
    'change-type:t.code',
  ],
  [
    'a member of a SET that is removed',
    "ALTER TABLE t MODIFY tags SET('a') NULL",
    'NARROWING',
    'reorder-enum:t.tags',
  ],
  [
    'a text that is no list of members',
    "ALTER TABLE t MODIFY code SET('a') NULL",
    'NARROWING',
    'change-type:t.code',
  ],
  [
    'a condition that a row breaks',
    'ALTER TABLE t ADD CONSTRAINT c_n CHECK (n > 0)',
    'CHECK_BROKEN',
  ],
  [
    'a prefix that is there twice',
    'ALTER TABLE t ADD UNIQUE INDEX u_name (name(3))',
    'DUPLICATES_PRESENT',
  ],
  [
    'a collation of the table under which a key collapses',
    'ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    'DUPLICATES_PRESENT',
  ],
  ['a date that no one gave', 'ALTER TABLE t ADD born DATETIME NOT NULL', 'ZERO_DATES'],
  [
    'UNIQUE on a new column that is the same everywhere',
    ['ALTER TABLE t ADD kind INT NOT NULL', 'ALTER TABLE t ADD UNIQUE INDEX u_kind (kind)'],
    'DUPLICATES_PRESENT',
  ],
  [
    'UNIQUE on a column that the same statement adds',
    'ALTER TABLE t ADD kind INT NOT NULL, ADD UNIQUE INDEX u_kind (kind)',
    'DUPLICATES_PRESENT',
  ],
  [
    'a foreign key on a new column that is 0 everywhere',
    [
      'ALTER TABLE t ADD parent_id INT NOT NULL',
      'ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (parent_id) REFERENCES parent (id)',
    ],
    'ORPHANS_PRESENT',
  ],
  [
    'NOT NULL on a new column that nothing fills',
    ['ALTER TABLE t ADD kind INT NULL', 'ALTER TABLE t MODIFY kind INT NOT NULL'],
    'NULLS_PRESENT',
  ],
  [
    'a primary key over NULLs',
    'ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (n)',
    'NULLS_PRESENT',
  ],
];

/** What the rows allow, though the same rules look at it. */
const ALLOWED: readonly string[] = [
  'ALTER TABLE t MODIFY code VARCHAR(40) COLLATE utf8mb4_bin NULL',
  'ALTER TABLE t MODIFY name VARCHAR(60) NOT NULL',
  'ALTER TABLE t ADD CONSTRAINT c_n CHECK (n > -10)',
  'ALTER TABLE t ADD UNIQUE INDEX u_name (name(4))',
  'ALTER TABLE t ADD UNIQUE INDEX u_n (n)',
  'ALTER TABLE t ADD born DATETIME NULL',
  'ALTER TABLE t ADD born DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP',
  'ALTER TABLE t ADD kind INT NULL, ADD UNIQUE INDEX u_kind (kind)',
];

describe('a clause that only rows refuse', () => {
  let full: PlanningShard;
  let empty: PlanningShard;
  beforeAll(async () => {
    full = await planningShard('full', 0, PARENT, TABLE, ...ROWS);
    empty = await planningShard('empty', 1, PARENT, TABLE);
  });
  afterAll(async () => {
    await full.close();
    await empty.close();
  });

  it.each(REFUSED)(
    'is refused where they are, and nowhere else: %s',
    async (_what, sql, rule, flag) => {
      const allow = flag === undefined ? [] : [flag];
      const refused = (await planned(full, sql, { allow })).refusals.map((one) => one.rule);
      expect([...new Set(refused)]).toEqual([rule]);
      expect((await planned(empty, sql, { allow })).refusals).toEqual([]);
    },
  );

  it.each(REFUSED.filter(([, sql]) => typeof sql === 'string'))(
    'would fail or lose values on the server: %s',
    async (_what, sql, rule) => {
      await full.run(
        'DROP TABLE IF EXISTS copy',
        'CREATE TABLE copy LIKE t',
        'INSERT INTO copy SELECT * FROM t',
      );
      const before = await content(full);
      const failed = await full.run(String(sql).replace('TABLE t ', 'TABLE copy ')).then(
        () => false,
        () => true,
      );
      const same = JSON.stringify(before) === JSON.stringify(await content(full));
      expect({ rule, harmless: !failed && same && rule !== 'ZERO_DATES' }).toEqual({
        rule,
        harmless: false,
      });
    },
  );

  it.each(ALLOWED)('is planned where they fit: %s', async (sql) => {
    expect((await planned(full, sql)).refusals).toEqual([]);
  });

  it.each(ALLOWED)('and runs there: %s', async (sql) => {
    await full.run(
      'DROP TABLE IF EXISTS t2',
      'CREATE TABLE t2 LIKE t',
      'INSERT INTO t2 SELECT * FROM t',
    );
    const plan = await planned(full, sql.replace('TABLE t ', 'TABLE t2 '));
    await carryOut(full, plan);
  });
});

async function content(shard: PlanningShard): Promise<unknown> {
  const [rows] = await shard.connection.query(
    'SELECT name, HEX(bytes), until_at, tags, n, code FROM copy ORDER BY id',
  );
  return rows;
}
